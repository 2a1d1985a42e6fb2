-- choices: what was chosen, and what is.

-- name: add
-- An answer. The member is locked.
INSERT INTO members.choice (member_id, choice, options, at, principal_id, reason)
VALUES (%(member)s, %(choice)s, %(options)s, %(at)s, %(principal)s, %(reason)s);

-- name: settle
-- The answer that holds, beside the member; favourites too where the choice is theirs.
UPDATE members.member
SET
    chosen = chosen || jsonb_build_object(%(choice)s::text, %(options)s::text[]),
    favourites = CASE WHEN %(favourites)s THEN %(options)s::text[] ELSE favourites END
WHERE id = %(member)s;

-- name: changed
-- How often this answer was changed since an instant; the first answer is no change.
SELECT count(*)
FROM members.choice AS c
WHERE
    c.member_id = %(member)s AND c.choice = %(choice)s AND c.at >= %(since)s
    AND EXISTS (
        SELECT FROM members.choice AS first
        WHERE first.member_id = c.member_id AND first.choice = c.choice AND first.id < c.id
    );

-- name: history
-- Every answer, newest first.
SELECT c.choice, c.options, c.at, c.principal_id, c.reason
FROM members.choice AS c
WHERE c.member_id = %(member)s
ORDER BY c.id DESC
LIMIT %(most)s;

-- name: chosen
-- What holds now: {choice: its options}.
SELECT m.chosen FROM members.member AS m WHERE m.id = %(member)s AND m.erased_at IS NULL;
