-- What budgets have been drawn on, shared by all tills.

CREATE SCHEMA budgets;
GRANT USAGE ON SCHEMA budgets TO tessera_app;
