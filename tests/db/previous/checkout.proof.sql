-- The proof of the checkout. Each check yields sentences, none if all is well, 100 at most.
-- It reads ledger.move and access.request, tables of rooms below: whoever proves looks everywhere.

-- name: counts
-- How much there is to prove: writing calls that were done, sales and returns, events.
SELECT
    (SELECT count(*) FROM access.request), (SELECT count(*) FROM checkout.receipt),
    (SELECT count(*) FROM checkout.event);

-- name: points
-- Earned is what came out of `issued` less what was taken back; spent is what went to `spent` less
-- what came back. Paying back a debt and expiry inside a return change neither. What belongs to no
-- receipt is proved with the operations.
WITH
moved AS (
    SELECT
        move.outcome_id, move.account_id,
        sum(
            CASE
                WHEN move.source IN ('issued', 'reversed') THEN move.points
                WHEN move.target IN ('issued', 'reversed') THEN -move.points
                ELSE 0
            END
        ) AS earned,
        sum(
            CASE 'spent' WHEN move.target THEN move.points WHEN move.source THEN -move.points
            ELSE 0 END
        ) AS spent
    FROM ledger.move
    JOIN ledger.account ON move.account_id = account.id AND account.currency = ''
    WHERE NOT EXISTS (SELECT FROM ledger.operation WHERE operation.id = move.outcome_id)
    GROUP BY move.outcome_id, move.account_id
),

posted AS (
    SELECT id, account_id, points_earned, points_spent, 'receipt' AS what FROM checkout.receipt
    UNION ALL
    SELECT id, account_id, points_earned, 0, 'event' FROM checkout.event
),

told AS (
    SELECT concat_ws(E'\n',
        CASE WHEN posted.id IS NULL AND (moved.earned <> 0 OR moved.spent <> 0) THEN format(
            'account %s: moves name operation %s, but it has no receipt of this id',
            moved.account_id, moved.outcome_id
        ) END,
        CASE WHEN posted.points_earned <> coalesce(moved.earned, 0) THEN format(
            '%s %s (account %s): %s points earned, expected %s by its moves',
            posted.what, posted.id, coalesce(posted.account_id::text, 'none'),
            posted.points_earned, coalesce(moved.earned, 0)
        ) END,
        CASE WHEN posted.points_spent <> coalesce(moved.spent, 0) THEN format(
            '%s %s (account %s): %s points spent, expected %s by its moves',
            posted.what, posted.id, coalesce(posted.account_id::text, 'none'),
            posted.points_spent, coalesce(moved.spent, 0)
        ) END
    ) AS difference
    FROM posted
    FULL JOIN moved ON posted.id = moved.outcome_id AND posted.account_id = moved.account_id
)

SELECT difference FROM told WHERE difference <> '' ORDER BY difference LIMIT 100;

-- name: currencies
-- In every other currency, what a sale and its returns moved is what the last story of it gives.
WITH
moved AS (
    SELECT
        coalesce(receipt.sale_id, receipt.id, event.id, move.outcome_id) AS id,
        account.owner_id AS account_id, account.currency,
        sum(
            CASE
                WHEN move.source IN ('issued', 'reversed') THEN move.points
                WHEN move.target IN ('issued', 'reversed') THEN -move.points
                ELSE 0
            END
        ) AS earned
    FROM ledger.account
    JOIN ledger.move ON account.id = move.account_id
    LEFT JOIN checkout.receipt ON move.outcome_id = receipt.id
    LEFT JOIN checkout.event ON move.outcome_id = event.id
    WHERE account.currency <> ''
    GROUP BY 1, account.owner_id, account.currency
),

kept AS (
    SELECT
        coalesce(sale_id, id) AS id, account_id,
        convert_from(story, 'UTF8')::json AS story
    FROM checkout.receipt
    WHERE position('"unit":'::bytea IN story) > 0 OR sale_id IS NOT NULL
    UNION ALL
    SELECT id, account_id, convert_from(story, 'UTF8')::json FROM checkout.event
    WHERE position('"unit":'::bytea IN story) > 0
),

newest AS (
    SELECT DISTINCT ON (id) id, account_id, story
    FROM kept
    ORDER BY id, (
        SELECT sum(unit.kept::bigint)
        FROM json_array_elements_text(story -> 'kept') AS unit (kept)
    ) NULLS LAST
),

told AS (
    SELECT newest.id, newest.account_id, effect.unit AS currency, sum(effect.given) AS earned
    FROM newest
    CROSS JOIN LATERAL json_to_recordset(newest.story -> 'story' -> 'effects')
    AS effect (unit text, given bigint)
    WHERE effect.unit IS NOT NULL
    GROUP BY newest.id, newest.account_id, effect.unit
)

SELECT format(
    'operation %s (account %s): %s %s earned by its moves, expected %s by its story',
    coalesce(moved.id, told.id), coalesce(moved.account_id, told.account_id),
    coalesce(moved.earned, 0), coalesce(moved.currency, told.currency), coalesce(told.earned, 0)
)
FROM moved
FULL JOIN told
    ON moved.id = told.id AND moved.account_id = told.account_id AND moved.currency = told.currency
WHERE coalesce(moved.earned, 0) <> coalesce(told.earned, 0)
ORDER BY 1
LIMIT 100;

-- name: stories
-- A sale's row says what its story says. The story is searched for the four sums as they are
-- written; only where they are not found is it read as JSON, which takes ten times as long.
WITH odd AS (
    SELECT
        id, gross_minor, to_pay_minor, points_earned, points_spent,
        convert_from(story, 'UTF8')::json -> 'story' AS story
    FROM checkout.receipt
    WHERE kind = 'sale' AND position(
        convert_to(
            '"gross_minor":' || gross_minor || ',"to_pay_minor":' || to_pay_minor
            || ',"points_earned":' || points_earned || ',"points_spent":' || points_spent || '}',
            'UTF8'
        ) IN story
    ) = 0
)

SELECT format(
    'receipt %s: its row says %s gross, %s to pay, %s earned, %s spent, its story %s, %s, %s, %s',
    odd.id, odd.gross_minor, odd.to_pay_minor, odd.points_earned, odd.points_spent,
    said.gross_minor, said.to_pay_minor, said.points_earned, said.points_spent
)
FROM odd
CROSS JOIN LATERAL json_to_record(odd.story)
AS said (gross_minor bigint, to_pay_minor bigint, points_earned bigint, points_spent bigint)
WHERE
    (odd.gross_minor, odd.to_pay_minor, odd.points_earned, odd.points_spent)
    IS DISTINCT FROM
    (said.gross_minor, said.to_pay_minor, said.points_earned, said.points_spent)
ORDER BY odd.id
LIMIT 100;

-- name: events
-- An event's row says what its story says, and an event neither sells nor spends.
SELECT format(
    'event %s: its row says %s earned, its story %s gross, %s to pay, %s earned, %s spent',
    event.id, event.points_earned, said.gross_minor, said.to_pay_minor, said.points_earned,
    said.points_spent
)
FROM checkout.event
CROSS JOIN LATERAL json_to_record(convert_from(event.story, 'UTF8')::json -> 'story')
AS said (gross_minor bigint, to_pay_minor bigint, points_earned bigint, points_spent bigint)
WHERE
    (0, 0, event.points_earned, 0)
    IS DISTINCT FROM
    (said.gross_minor, said.to_pay_minor, said.points_earned, said.points_spent)
ORDER BY event.id
LIMIT 100;

-- name: returns
-- A sale and all its returns together are what the story after the last return says: the one that
-- leaves the fewest units.
WITH
back AS (
    SELECT
        receipt.id, receipt.sale_id, receipt.account_id, receipt.gross_minor, receipt.to_pay_minor,
        receipt.points_earned, receipt.points_spent, said.story,
        (
            SELECT sum(unit.kept::bigint)
            FROM json_array_elements_text(said.story -> 'kept') AS unit (kept)
        ) AS units
    FROM checkout.receipt
    CROSS JOIN LATERAL (SELECT convert_from(receipt.story, 'UTF8')::json) AS said (story)
    WHERE receipt.kind = 'return'
),

newest AS (SELECT DISTINCT ON (sale_id) * FROM back ORDER BY sale_id, units, id),

together AS (
    SELECT
        sale_id, count(*) AS returns, count(DISTINCT units) AS states,
        sum(gross_minor) AS gross_minor, sum(to_pay_minor) AS to_pay_minor,
        sum(points_earned) AS points_earned, sum(points_spent) AS points_spent
    FROM back
    GROUP BY sale_id
),

whole AS (
    SELECT
        newest.id, newest.sale_id, sale.kind, together.returns, together.states,
        sale.gross_minor + together.gross_minor AS gross_minor,
        sale.to_pay_minor + together.to_pay_minor AS to_pay_minor,
        sale.points_earned + together.points_earned AS points_earned,
        sale.points_spent + together.points_spent AS points_spent,
        story.gross_minor AS said_gross_minor, story.to_pay_minor AS said_to_pay_minor,
        story.points_earned AS said_points_earned, story.points_spent AS said_points_spent
    FROM newest
    JOIN together ON newest.sale_id = together.sale_id
    LEFT JOIN checkout.receipt AS sale ON newest.sale_id = sale.id
    CROSS JOIN LATERAL json_to_record(newest.story -> 'story')
    AS story (
        gross_minor bigint, to_pay_minor bigint, points_earned bigint, points_spent bigint
    )
)

SELECT format('return %s: names no sale', receipt.id) AS difference
FROM checkout.receipt
LEFT JOIN checkout.receipt AS sale ON receipt.sale_id = sale.id
WHERE receipt.kind = 'return'
    AND (sale.kind IS DISTINCT FROM 'sale' OR sale.account_id IS DISTINCT FROM receipt.account_id)
UNION ALL
SELECT format(
    'sale %s: %s returns left it in %s states: units came back twice', sale_id, returns, states
)
FROM whole
WHERE returns <> states
UNION ALL
SELECT format(
    'sale %s with its returns: %s gross, %s to pay, %s earned, %s spent; expected %s, %s, %s, %s'
    || ' by return %s', sale_id, gross_minor, to_pay_minor, points_earned, points_spent,
    said_gross_minor, said_to_pay_minor, said_points_earned, said_points_spent, id
)
FROM whole
WHERE
    (gross_minor, to_pay_minor, points_earned, points_spent)
    IS DISTINCT FROM
    (said_gross_minor, said_to_pay_minor, said_points_earned, said_points_spent)
LIMIT 100;

-- name: returned_units
-- Of no line more comes back than was sold, and what is left is what the last return left.
WITH
back AS (
    SELECT
        receipt.sale_id, convert_from(receipt.lines, 'UTF8')::json AS lines,
        convert_from(receipt.story, 'UTF8')::json -> 'kept' AS kept
    FROM checkout.receipt
    WHERE receipt.kind = 'return'
),

sold AS (
    SELECT sale.id AS sale_id, line.number, (line.said ->> 'quantity')::bigint AS units
    FROM checkout.receipt AS sale
    CROSS JOIN LATERAL json_array_elements(convert_from(sale.lines, 'UTF8')::json)
    WITH ORDINALITY AS line (said, number)
    WHERE sale.id IN (SELECT DISTINCT back.sale_id FROM back)
),

returned AS (
    SELECT
        back.sale_id, (line.said ->> 'line')::bigint AS number,
        sum((line.said ->> 'quantity')::bigint) AS units
    FROM back
    CROSS JOIN LATERAL json_array_elements(back.lines) AS line (said)
    GROUP BY back.sale_id, (line.said ->> 'line')::bigint
),

emptied AS (SELECT DISTINCT sale_id FROM back WHERE json_array_length(lines) = 0),

kept AS (
    SELECT back.sale_id, line.number, min(line.units::bigint) AS units
    FROM back
    CROSS JOIN LATERAL json_array_elements_text(back.kept) WITH ORDINALITY AS line (units, number)
    GROUP BY back.sale_id, line.number
)

SELECT format(
    'sale %s, line %s: %s sold, %s came back, %s left',
    coalesce(sold.sale_id, returned.sale_id), coalesce(sold.number, returned.number),
    coalesce(sold.units, 0),
    CASE WHEN emptied.sale_id IS NOT NULL THEN 'all' ELSE coalesce(returned.units, 0)::text END,
    kept.units
)
FROM sold
FULL JOIN returned ON sold.sale_id = returned.sale_id AND sold.number = returned.number
LEFT JOIN kept ON sold.sale_id = kept.sale_id AND sold.number = kept.number
LEFT JOIN emptied ON sold.sale_id = emptied.sale_id
WHERE
    coalesce(returned.units, 0) > coalesce(sold.units, 0)
    OR kept.units IS DISTINCT FROM CASE
        WHEN emptied.sale_id IS NOT NULL THEN 0 ELSE sold.units - coalesce(returned.units, 0)
    END
LIMIT 100;

-- name: identities
-- A receipt is unique for ever by store, till, business date, shift and number; an event by its
-- source and the number it has there.
(
    SELECT format(
        'receipt %s of store %s, till %s, %s, shift "%s" is there %s times',
        number, store_id, till, business_date, shift, count(*)
    )
    FROM checkout.receipt
    GROUP BY store_id, till, business_date, shift, number
    HAVING count(*) > 1
    ORDER BY store_id, till, business_date, shift, number
    LIMIT 100
)
UNION ALL
(
    SELECT format('event %s of source "%s" is there %s times', number, source, count(*))
    FROM checkout.event
    GROUP BY source, number
    HAVING count(*) > 1
    ORDER BY source, number
    LIMIT 100
);

-- name: calls
-- Every receipt, event, promise and waiting return was asked for by one call, and every call was
-- done. A quote that promises nothing leaves no row.
WITH
done AS (
    SELECT id, 'receipt' AS what FROM checkout.receipt
    UNION ALL
    SELECT id, 'event' FROM checkout.event
    UNION ALL
    SELECT id, 'promise' FROM checkout.quote
    UNION ALL
    SELECT parked.outcome_id, 'waiting return'
    FROM checkout.parked
    WHERE NOT EXISTS (SELECT FROM checkout.receipt WHERE receipt.id = parked.outcome_id)
),

asked AS (
    SELECT outcome_id, min(operation) AS operation, min(key) AS key, count(*) AS calls
    FROM access.request
    WHERE operation IN (
        'receipt.confirm', 'receipt.checkout', 'receipt.return', 'quote', 'event.post'
    )
    GROUP BY outcome_id
),

told AS (
    SELECT concat_ws(E'\n',
        CASE WHEN asked.outcome_id IS NULL THEN format(
            '%s %s: no call asked for it', done.what, done.id
        ) END,
        CASE WHEN asked.calls > 1 THEN format(
            '%s %s: %s calls asked for it, expected 1', done.what, done.id, asked.calls
        ) END,
        CASE WHEN done.id IS NULL AND asked.operation <> 'quote' THEN format(
            'call %s with key %s: taken as operation %s, but nothing was done',
            asked.operation, asked.key, asked.outcome_id
        ) END
    ) AS difference
    FROM done
    FULL JOIN asked ON done.id = asked.outcome_id
)

SELECT difference FROM told WHERE difference <> '' ORDER BY difference LIMIT 100;

-- name: promises
-- A hold belongs to a promise of the same account and ends as the promise does.
SELECT format(
    'hold %s of account %s ended as %s, its promise (account %s) as %s',
    hold.id, hold.account_id, coalesce(hold.ending, 'open'),
    CASE WHEN quote.id IS NULL THEN 'not there' ELSE coalesce(quote.account_id::text, 'none') END,
    coalesce(quote.ended, 'open')
)
FROM ledger.hold
LEFT JOIN checkout.quote ON hold.id = quote.id
WHERE
    quote.account_id IS DISTINCT FROM hold.account_id
    OR (hold.ending IS NOT DISTINCT FROM 'captured')
    <> (quote.ended IS NOT DISTINCT FROM 'confirmed')
    OR (quote.ended IS NOT NULL AND hold.ending IS NULL)
    OR (quote.ended IS NULL AND hold.ending IS NOT DISTINCT FROM 'released')
ORDER BY hold.id
LIMIT 100;

-- name: waiting
-- A waiting return is settled by a receipt of its own id, or refused, or still waiting.
SELECT format(
    'waiting return %s for receipt %s: %s, %s', parked.outcome_id, parked.number,
    CASE WHEN parked.settled_at IS NULL THEN 'open' ELSE coalesce(parked.refused, 'settled') END,
    CASE WHEN receipt.id IS NULL THEN 'but it has no receipt' ELSE 'but it has a receipt' END
)
FROM checkout.parked
LEFT JOIN checkout.receipt ON parked.outcome_id = receipt.id
WHERE (receipt.id IS NOT NULL)
    <> (parked.settled_at IS NOT NULL AND parked.refused IS NULL)
ORDER BY parked.outcome_id
LIMIT 100;
