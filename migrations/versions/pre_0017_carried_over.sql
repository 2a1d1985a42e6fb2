-- Members and points that come from another program.
SELECT 1;
