-- Codes of coupons, their batches and their uses.

CREATE SCHEMA rewards;
GRANT USAGE ON SCHEMA rewards TO tessera_app;

-- What was ordered. `made` codes of `count` are there; `given`: the one batch of a kind into which
-- codes go that rules give. `exported` codes were handed out, those up to `cursor`; the newest page
-- of them begins behind `page_from` and may be asked for again for a while.
CREATE TABLE rewards.coupon_batch (
    id uuid PRIMARY KEY,
    number integer GENERATED ALWAYS AS IDENTITY UNIQUE,
    kind text COLLATE "C" NOT NULL,
    label text NOT NULL,
    given boolean NOT NULL DEFAULT false,
    count bigint NOT NULL CHECK (count >= 0),
    made bigint NOT NULL DEFAULT 0 CHECK (made BETWEEN 0 AND count),
    uses integer NOT NULL CHECK (uses > 0),
    starts date,
    ends date,
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    exported bigint NOT NULL DEFAULT 0 CHECK (exported BETWEEN 0 AND count),
    cursor uuid,
    page_from uuid,
    page_at timestamptz,
    revoked_at timestamptz,
    revoked_by text,
    reason text
);
CREATE UNIQUE INDEX coupon_batch_given ON rewards.coupon_batch (kind) WHERE given;
CREATE INDEX coupon_batch_open ON rewards.coupon_batch (number) WHERE made < count;

-- A code, veiled with the installation's key: a dump tells none. Ten million of them are loaded at
-- a time, so there is no foreign key to ask for each (a batch is never deleted) and no second
-- index that would grow with them; a batch's own lie together, so pages that hold any are known.
-- member_id: whose it is, sale_id: the receipt that gave it; void_at: it counts no more; owed_at:
-- it was used, and the goods it was given for came back.
CREATE TABLE rewards.coupon (
    code uuid PRIMARY KEY,
    batch integer NOT NULL,
    used integer NOT NULL DEFAULT 0 CHECK (used >= 0),
    member_id uuid,
    sale_id uuid,
    rule text COLLATE "C",
    ends date,
    given_at timestamptz,
    void_at timestamptz,
    owed_at timestamptz
) WITH (fillfactor = 90);
CREATE INDEX coupon_by_batch ON rewards.coupon USING brin (batch)
WITH (pages_per_range = 32, autosummarize = on);
CREATE INDEX coupon_of_member ON rewards.coupon (member_id, given_at) WHERE member_id IS NOT NULL;
CREATE INDEX coupon_of_sale ON rewards.coupon (sale_id) WHERE sale_id IS NOT NULL;

-- One use of one kind on one receipt; of a quote while it keeps one (`held_until`). `back_at`: all
-- that it gave was given back. Money and points are what its rules gave as the receipt stands.
CREATE TABLE rewards.coupon_use (
    outcome_id uuid NOT NULL,
    kind text COLLATE "C" NOT NULL,
    code uuid,
    member_id uuid,
    held_until timestamptz,
    used_at timestamptz NOT NULL,
    back_at timestamptz,
    minor bigint NOT NULL DEFAULT 0,
    points bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (outcome_id, kind)
);
CREATE INDEX coupon_use_code ON rewards.coupon_use (code) WHERE held_until IS NOT NULL;
CREATE INDEX coupon_use_member ON rewards.coupon_use (member_id, kind) WHERE member_id IS NOT NULL;
CREATE INDEX coupon_use_held ON rewards.coupon_use (held_until) WHERE held_until IS NOT NULL;

-- Uses of kinds of which there are only so many in all: counted under a lock.
CREATE TABLE rewards.coupon_count (
    kind text COLLATE "C" PRIMARY KEY,
    used bigint NOT NULL CHECK (used >= 0)
);

-- Codes that nobody has: marks of who tried them, never their names.
CREATE TABLE rewards.coupon_miss (
    what bytea PRIMARY KEY,
    misses integer NOT NULL,
    since timestamptz NOT NULL,
    free_at timestamptz NOT NULL
);

GRANT SELECT, INSERT, UPDATE ON rewards.coupon_batch, rewards.coupon, rewards.coupon_count
TO tessera_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON rewards.coupon_use, rewards.coupon_miss TO tessera_app;
