-- Who did what, chained; keys that seal personal values; proposals that wait for a second person.
SELECT 1;
