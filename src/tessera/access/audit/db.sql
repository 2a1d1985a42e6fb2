-- access.audit: entries are added to the ends of chains and read, never changed.

-- name: lock_head
-- The end of a chain, for whoever adds to it; the next one waits until that is committed.
SELECT chain, seq, hash FROM access.audit_head WHERE chain = %(chain)s FOR UPDATE;

-- name: add
-- Entries that follow each other in one chain.
INSERT INTO access.audit (
    chain, seq, at, principal_kind, principal_id, principal_name, role, address, operation, outcome,
    subject_kind, subject_id, fields, before, after, person_id, reason, outcome_id, approval_id,
    hash
) VALUES (
    %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s
);

-- name: move_head
-- The chain ends here now.
UPDATE access.audit_head SET seq = %(seq)s, hash = %(hash)s WHERE chain = %(chain)s;

-- name: heads
-- The ends of all chains.
SELECT chain, seq, hash FROM access.audit_head ORDER BY chain;

-- name: search
-- Entries that fit, the newest first. What is not asked for is null; a reason is looked for as
-- text, as is a name, whatever the case of their letters.
SELECT
    chain, seq, at, principal_kind, principal_id, principal_name, role, address, operation, outcome,
    subject_kind, subject_id, fields, before, after, person_id, reason, outcome_id, approval_id,
    hash
FROM access.audit
WHERE
    (%(principal)s::uuid IS NULL OR principal_id = %(principal)s)
    AND (%(operation)s::text IS NULL OR operation = %(operation)s)
    AND (%(subject)s::text IS NULL OR subject_id = %(subject)s)
    AND (%(reason)s::text IS NULL OR position(lower(%(reason)s) IN lower(reason)) > 0)
    AND (%(name)s::text IS NULL OR position(lower(%(name)s) IN lower(principal_name)) > 0)
    AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
    AND at >= coalesce(%(since)s::timestamptz, '-infinity')
    AND at < coalesce(%(until)s::timestamptz, 'infinity')
    AND (
        %(last_at)s::timestamptz IS NULL
        OR (at, chain, seq) < (%(last_at)s, %(last_chain)s::smallint, %(last_seq)s::bigint)
    )
ORDER BY at DESC, chain DESC, seq DESC
LIMIT %(page)s;

-- name: read
-- One entry.
SELECT
    chain, seq, at, principal_kind, principal_id, principal_name, role, address, operation, outcome,
    subject_kind, subject_id, fields, before, after, person_id, reason, outcome_id, approval_id,
    hash
FROM access.audit
WHERE chain = %(chain)s AND seq = %(seq)s;

-- name: all
-- Every entry, chain by chain in its order, for the proof.
SELECT
    chain, seq, at, principal_kind, principal_id, principal_name, role, address, operation, outcome,
    subject_kind, subject_id, fields, before, after, person_id, reason, outcome_id, approval_id,
    hash
FROM access.audit
ORDER BY chain, seq;

-- name: hash_at
-- The hash of an entry; no row where there is none.
SELECT hash FROM access.audit WHERE chain = %(chain)s AND seq = %(seq)s;

-- name: look
-- Everything after this sees one moment. Must be the transaction's first word.
SET LOCAL transaction_isolation TO 'repeatable read';
