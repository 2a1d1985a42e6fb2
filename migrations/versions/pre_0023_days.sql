-- What the receipts of each business day add up to, for the staff's first page.

-- Receipts come roughly in the order of their dates, so a few pages tell where a day lies. On the
-- way of every receipt it costs next to nothing: a page's range is summarised once.
CREATE INDEX receipt_business_date ON checkout.receipt USING brin (business_date)
WITH (pages_per_range = 32, autosummarize = on);

CREATE TABLE checkout.day (
    day date PRIMARY KEY,
    receipts bigint NOT NULL,
    with_card bigint NOT NULL,
    turnover_minor bigint NOT NULL,
    card_minor bigint NOT NULL,
    earned bigint NOT NULL,
    spent bigint NOT NULL,
    counted_at timestamptz NOT NULL
);
GRANT SELECT, INSERT, UPDATE, DELETE ON checkout.day TO tessera_app;
