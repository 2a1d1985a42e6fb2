-- Where members stand on each ladder, and how they came there.

CREATE SCHEMA tiers;
GRANT USAGE ON SCHEMA tiers TO tessera_app;
