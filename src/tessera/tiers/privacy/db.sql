-- tiers.privacy: what is held of a person's levels.

-- name: levels
-- Where accounts stand.
SELECT s.ladder, s.level, s.since, s.until
FROM tiers.standing AS s
WHERE s.account_id = ANY(%s::uuid[])
ORDER BY s.ladder, s.account_id;

-- name: changes
-- How that changed, newest first; without the staff's reasons.
SELECT c.ladder, c.source, c.target, c.day, c.why
FROM tiers.change AS c
WHERE c.account_id = ANY(%s::uuid[])
ORDER BY c.id DESC;

-- name: uses
-- Privileges that these members used, newest first.
SELECT u.ladder, u.level, u.privilege, u.day, u.store_id
FROM tiers.privilege_use AS u
WHERE u.member_id = ANY(%s::uuid[])
ORDER BY u.day DESC, u.id DESC;
