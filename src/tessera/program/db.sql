-- name: newest
-- The version that decides now.
SELECT version, body FROM program.version ORDER BY version DESC LIMIT 1;

-- name: one
-- A version that decided some receipt.
SELECT version, body FROM program.version WHERE version = %b;

-- name: publish
-- Versions count up; two who publish at once get two numbers or one of them is refused.
INSERT INTO program.version (version, body, published_at, published_by)
VALUES (%b, %s, %b, %b);

-- name: newest_version
-- Has another process published since?
SELECT max(version) FROM program.version;
