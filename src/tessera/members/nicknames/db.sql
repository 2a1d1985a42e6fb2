-- members.nicknames: what members let others read.

-- name: faces
-- Whose accounts these are: the oldest member of each who has a nickname, or the oldest.
SELECT DISTINCT ON (m.account_id) m.account_id, m.id, coalesce(p.nickname, '')
FROM members.member AS m
LEFT JOIN members.person AS p ON m.id = p.member_id
WHERE m.account_id = ANY(%(accounts)s::uuid[]) AND m.merged_into IS NULL AND m.erased_at IS NULL
ORDER BY m.account_id, coalesce(p.nickname, '') = '', m.id;

-- name: present
-- Whether somebody who is registered is behind an account.
SELECT count(*) > 0 FROM members.present AS p WHERE p.account_id = %(account)s;

-- name: read
-- A member's nickname.
SELECT p.nickname FROM members.person AS p WHERE p.member_id = %(member)s;

-- name: choose
-- It is chosen, or taken away.
INSERT INTO members.person AS p (member_id, nickname) VALUES (%(member)s, %(nickname)s)
ON CONFLICT (member_id) DO UPDATE SET nickname = excluded.nickname;
