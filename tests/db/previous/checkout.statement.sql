-- name: origins
-- What these ids are: a sale, a return or an event, with the number it has where it comes from.
SELECT id, kind, store_id, number FROM checkout.receipt WHERE id = ANY(%(ids)s)
UNION ALL
SELECT id, 'event', store_id, number FROM checkout.event WHERE id = ANY(%(ids)s);
