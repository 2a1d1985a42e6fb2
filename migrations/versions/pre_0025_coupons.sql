-- Codes of coupons, their batches and their uses.

CREATE SCHEMA rewards;
GRANT USAGE ON SCHEMA rewards TO tessera_app;
