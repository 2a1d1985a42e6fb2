-- referrals: what is held about a person.

-- name: told
-- Codes, and referrals on either side. Who the other one is is that one's own.
SELECT 'referral_codes' AS heading,
    coalesce(jsonb_agg(to_jsonb(c) ORDER BY c.made_at), '[]')::text AS told
FROM referrals.code AS c
WHERE c.member_id = ANY(%(ids)s::uuid[])
UNION ALL
SELECT
    'referrals',
    coalesce(
        jsonb_agg(
            to_jsonb(r) - 'referrer_id' - 'referee_id' || jsonb_build_object(
                'side',
                CASE WHEN r.referrer_id = ANY(%(ids)s::uuid[]) THEN 'brought' ELSE 'was_brought' END
            )
            ORDER BY r.id
        ), '[]'
    )::text
FROM referrals.referral AS r
WHERE r.referrer_id = ANY(%(ids)s::uuid[]) OR r.referee_id = ANY(%(ids)s::uuid[]);

-- name: forget
-- Codes of who is erased.
DELETE FROM referrals.code WHERE member_id = ANY(%(ids)s::uuid[]);
