-- members: consents of many members at a time.

-- name: last
-- The newest line of each of these, and whether anything was said by another way than an import;
-- what an undone merge took back was not.
SELECT
    c.member_id, c.purpose, c.channel, c.state, c.at, c.way,
    coalesce(h.state, 'unsaid') <> 'unsaid' AS here
FROM unnest(%b::uuid[], %b::text[], %b::text[]) AS asked (member_id, purpose, channel)
CROSS JOIN LATERAL (
    SELECT k.member_id, k.purpose, k.channel, k.state, k.at, k.way
    FROM members.consent AS k
    WHERE
        k.member_id = asked.member_id AND k.purpose = asked.purpose AND k.channel = asked.channel
    ORDER BY k.id DESC
    LIMIT 1
) AS c
LEFT JOIN LATERAL (
    SELECT k.state
    FROM members.consent AS k
    WHERE
        k.member_id = asked.member_id AND k.purpose = asked.purpose AND k.channel = asked.channel
        AND k.way <> 'import'
    ORDER BY k.id DESC
    LIMIT 1
) AS h ON TRUE;

-- name: add
-- Lines in the order of the file.
INSERT INTO members.consent (
    member_id, purpose, channel, state, wording, language, way, at, proof, principal_id
)
SELECT
    n.member_id, n.purpose, n.channel, n.state, n.wording, n.language, 'import', n.at, n.proof, NULL
FROM unnest(
    %b::uuid[], %b::text[], %b::text[], %b::text[], %b::text[], %b::text[], %b::timestamptz[],
    %b::text[]
) WITH ORDINALITY AS n (
    member_id, purpose, channel, state, wording, language, at, proof, place
)
ORDER BY n.place;

-- name: proved
-- The kinds of contacts that these members have proved.
SELECT i.member_id, array_agg(DISTINCT i.kind)
FROM members.identifier AS i
WHERE i.member_id = ANY(%b::uuid[]) AND i.verified_at IS NOT NULL AND i.status = 'active'
GROUP BY i.member_id;

-- name: settle
-- What is agreed, made of the newest lines, of several members; in the transaction of the lines.
UPDATE members.member
SET agreed = array(
    SELECT last.purpose || '/' || last.channel
    FROM (
        SELECT DISTINCT ON (c.purpose, c.channel) c.purpose, c.channel, c.state
        FROM members.consent AS c
        WHERE c.member_id = member.id
        ORDER BY c.purpose, c.channel, c.id DESC
    ) AS last
    WHERE last.state = 'given'
    ORDER BY last.purpose, last.channel
)
WHERE id = ANY(%b::uuid[]);

-- name: begin_rehearsal
-- Where a rehearsal writes lines; gone with the connection.
CREATE TEMP TABLE IF NOT EXISTS consent (
    LIKE members.consent INCLUDING DEFAULTS INCLUDING IDENTITY INCLUDING INDEXES
);
