-- When two accounts become one, all allowances of one of them go along, those that are closed too:
-- found by their account without reading the table.
CREATE INDEX allowance_of ON checkout.allowance (account_id);
