-- Partners, what they owe each other, and who brought whom.

CREATE SCHEMA partners;
GRANT USAGE ON SCHEMA partners TO tessera_app;

CREATE SCHEMA referrals;
GRANT USAGE ON SCHEMA referrals TO tessera_app;
