-- What finds people who are the same: blocking keys, the review queue.
SELECT 1;
