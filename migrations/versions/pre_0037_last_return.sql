-- How a sale stands after all that came back of it: the return that leaves the fewest units says
-- so, in whatever order they came. Every proof of what follows from decisions begins here.
CREATE VIEW checkout.last_return AS
SELECT DISTINCT ON (back.sale_id) back.sale_id, said.story
FROM checkout.receipt AS back
CROSS JOIN LATERAL (SELECT convert_from(back.story, 'UTF8')::json) AS said (story)
WHERE back.kind = 'return'
ORDER BY
    back.sale_id,
    (SELECT sum(u.kept::bigint) FROM json_array_elements_text(said.story -> 'kept') AS u (kept));
GRANT SELECT ON checkout.last_return TO tessera_app;
