-- consents: lines that are added, and what they come to.

-- name: add
-- Lines of one member, in the order in which they were said.
INSERT INTO members.consent (
    member_id, purpose, channel, state, wording, language, theirs, way, at, proof, principal_id
)
SELECT %(member)s, said.*, %(way)s, %(at)s, %(proof)s, %(principal)s
FROM unnest(
    %(purposes)s::text[], %(channels)s::text[], %(states)s::text[], %(wordings)s::text[],
    %(languages)s::text[], %(theirs)s::text[]
) AS said (purpose, channel, state, wording, language, theirs);

-- name: settle
-- What is agreed, made of the newest lines; in the transaction that added one.
UPDATE members.member
SET agreed = array(
    SELECT last.purpose || '/' || last.channel
    FROM (
        SELECT DISTINCT ON (c.purpose, c.channel) c.purpose, c.channel, c.state
        FROM members.consent AS c
        WHERE c.member_id = %(member)s
        ORDER BY c.purpose, c.channel, c.id DESC
    ) AS last
    WHERE last.state = 'given'
    ORDER BY last.purpose, last.channel
)
WHERE id = %(member)s;

-- name: current
-- The newest line of each purpose and channel.
SELECT DISTINCT ON (c.purpose, c.channel)
    c.purpose, c.channel, c.state, c.wording, c.language, c.way, c.at, c.proof, c.principal_id,
    c.theirs
FROM members.consent AS c
WHERE c.member_id = %(member)s
ORDER BY c.purpose, c.channel, c.id DESC;

-- name: history
-- Every line, newest first.
SELECT
    c.purpose, c.channel, c.state, c.wording, c.language, c.way, c.at, c.proof, c.principal_id,
    c.theirs
FROM members.consent AS c
WHERE c.member_id = %(member)s
ORDER BY c.id DESC
LIMIT %(most)s;

-- name: proved
-- The kinds of contacts that the member has proved.
SELECT DISTINCT i.kind
FROM members.identifier AS i
WHERE i.member_id = %(member)s AND i.verified_at IS NOT NULL AND i.status = 'active';

-- name: key
-- The installation's key for keyed hashes; no row before the first use.
SELECT k.key FROM members.mac_key AS k;

-- name: make_key
-- The key is made once; whoever comes second takes the first one's.
INSERT INTO members.mac_key (one, key) VALUES (TRUE, %(key)s) ON CONFLICT DO NOTHING;
