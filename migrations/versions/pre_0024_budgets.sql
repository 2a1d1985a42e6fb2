-- What budgets have been drawn on, shared by all tills.

CREATE SCHEMA budgets;
GRANT USAGE ON SCHEMA budgets TO tessera_app;

-- One row for a budget, the store, region or member that it is for ("" for all), and the first day
-- of its period. `kept_` is what open promises keep. Half of a page is left free: it changes often.
CREATE TABLE budgets.counter (
    budget text NOT NULL,
    began date NOT NULL,
    scope text NOT NULL,
    cost_x100 bigint NOT NULL DEFAULT 0,
    points bigint NOT NULL DEFAULT 0,
    pieces bigint NOT NULL DEFAULT 0,
    turnover_minor bigint NOT NULL DEFAULT 0,
    kept_cost_x100 bigint NOT NULL DEFAULT 0,
    kept_points bigint NOT NULL DEFAULT 0,
    kept_pieces bigint NOT NULL DEFAULT 0,
    warned_at timestamptz,
    used_up_at timestamptz,
    told boolean NOT NULL DEFAULT FALSE,
    PRIMARY KEY (budget, began, scope)
) WITH (fillfactor = 50);

-- Whoever reports what ran out asks for these only.
CREATE INDEX counter_untold ON budgets.counter (used_up_at)
WHERE used_up_at IS NOT NULL AND NOT told;

-- What each promise keeps of each counter; gone when it ends.
CREATE TABLE budgets.kept (
    quote_id uuid NOT NULL,
    budget text NOT NULL,
    began date NOT NULL,
    scope text NOT NULL,
    cost_x100 bigint NOT NULL,
    points bigint NOT NULL,
    pieces bigint NOT NULL,
    deadline timestamptz NOT NULL,
    PRIMARY KEY (quote_id, budget, began, scope)
);
CREATE INDEX kept_deadline ON budgets.kept (deadline);
CREATE INDEX kept_counter ON budgets.kept (budget, began, scope);

-- What was drawn, by the day of the purchase and by who pays for it: less what came back.
CREATE TABLE budgets.day (
    budget text NOT NULL,
    began date NOT NULL,
    day date NOT NULL,
    funding text NOT NULL,
    cost_x100 bigint NOT NULL,
    points bigint NOT NULL,
    pieces bigint NOT NULL,
    PRIMARY KEY (budget, began, day, funding)
) WITH (fillfactor = 50);

-- Whoever draws without having locked asks for this in the same statement: it ends the transaction
-- where a ceiling would be passed, so that nobody has to wait for an answer before the commit.
CREATE FUNCTION budgets.require_all(wanted bigint, drawn bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF drawn <> wanted THEN
        RAISE EXCEPTION 'others have drawn on it meanwhile' USING ERRCODE = 'TB001';
    END IF;
END
$$;

GRANT SELECT, INSERT, UPDATE ON budgets.counter, budgets.day TO tessera_app;
GRANT SELECT, INSERT, DELETE ON budgets.kept TO tessera_app;
