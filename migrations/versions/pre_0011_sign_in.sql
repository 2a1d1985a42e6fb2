-- Staff, their factors, sessions, codes that prove a phone or an address.
SELECT 1;
