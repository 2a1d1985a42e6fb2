-- loadtest: fill a scratch database with members, many at a time.

-- name: fill
-- Members with the serials from `first` up to `last`: each with a card, an account and ids that
-- grow with time, as the application's do. A card's last digit is the check digit of EAN-13.
WITH fresh AS MATERIALIZED (
    SELECT
        (lpad(to_hex(1700000000000 + n), 12, '0') || '7' || substr(md5(n::text), 1, 3)
        || '8' || substr(md5(n::text), 4, 15))::uuid AS member_id,
        (lpad(to_hex(1700000000000 + n), 12, '0') || '7' || substr(md5((-n)::text), 1, 3)
        || '8' || substr(md5((-n)::text), 4, 15))::uuid AS account_id,
        '29' || lpad(n::text, 10, '0') || mod(10 - mod(
            29
            + mod(n / 1000000000, 10) + mod(n / 100000000, 10) * 3
            + mod(n / 10000000, 10) + mod(n / 1000000, 10) * 3
            + mod(n / 100000, 10) + mod(n / 10000, 10) * 3
            + mod(n / 1000, 10) + mod(n / 100, 10) * 3
            + mod(n / 10, 10) + mod(n, 10) * 3,
            10
        ), 10)::text AS card
    FROM generate_series(%(first)s::bigint, %(last)s::bigint - 1) AS serial (n)
),
seen AS (
    INSERT INTO members.member (id, account_id, seen_at)
    SELECT f.member_id, f.account_id, %(now)s FROM fresh AS f
),
named AS (
    INSERT INTO members.identifier (kind, value, member_id, since)
    SELECT 'card', f.card, f.member_id, %(now)s FROM fresh AS f
)
INSERT INTO ledger.account (id)
SELECT f.account_id FROM fresh AS f;

-- name: filled
-- How many members were filled in so far: one more than the serial of the last card.
SELECT coalesce(max(substr(i.value, 3, 10)::bigint) + 1, 0)
FROM members.identifier AS i
WHERE i.kind = 'card' AND i.value = (
    SELECT max(j.value) FROM members.identifier AS j
    WHERE j.kind = 'card' AND j.value >= '29' AND j.value < '30'
);

-- name: foreign
-- Whether somebody else's data is in this database: a load test never touches it.
SELECT EXISTS (
    SELECT FROM warehouse.store AS s WHERE s.id NOT LIKE 'LOAD-%%'
) OR EXISTS (
    SELECT FROM members.person
);

-- name: settle_down
-- What many inserts leave behind is done now, not while something is measured.
VACUUM (ANALYZE) members.member, members.identifier, ledger.account;
