-- Several currencies of points, points that are pending, lots that roll.

-- A wallet: an account's points of one currency. Its own points have the account's id; those of
-- another currency an id made of both, and say whose they are.
ALTER TABLE ledger.account
ADD COLUMN owner_id uuid,
ADD COLUMN currency text NOT NULL DEFAULT '',
ADD COLUMN pending bigint NOT NULL DEFAULT 0 CHECK (pending >= 0),
ADD COLUMN soonest_ripe timestamptz,
ADD COLUMN rolls_until timestamptz,
ADD CHECK ((owner_id IS NULL) = (currency = ''));
CREATE UNIQUE INDEX account_owner ON ledger.account (owner_id, currency)
WHERE owner_id IS NOT NULL;

ALTER TABLE ledger.lot
ADD COLUMN pending boolean NOT NULL DEFAULT false,
ADD COLUMN activates_at timestamptz,
ADD COLUMN waits_for text NOT NULL DEFAULT '',
ADD COLUMN rolls boolean NOT NULL DEFAULT false;

-- For the runs that post what time has done: whose points expire or can be spent next.
CREATE INDEX account_expiry ON ledger.account (soonest_expiry) WHERE soonest_expiry IS NOT NULL;
CREATE INDEX account_ripe ON ledger.account (soonest_ripe) WHERE soonest_ripe IS NOT NULL;
