-- Orders that had the prize of a rule for being kept: once, whatever events say of them later.
CREATE TABLE checkout.order_prize (
    sale_id uuid NOT NULL,
    rule text COLLATE "C" NOT NULL,
    event_id uuid NOT NULL,
    PRIMARY KEY (sale_id, rule)
);
GRANT SELECT, INSERT ON checkout.order_prize TO tessera_app;

-- Every use of a kind that has a count is counted, whatever the version it was taken under.
UPDATE rewards.coupon_count AS c SET used = (
    SELECT count(*) FROM rewards.coupon_use AS u
    WHERE u.kind = c.kind AND u.held_until IS NULL AND u.back_at IS NULL
);
