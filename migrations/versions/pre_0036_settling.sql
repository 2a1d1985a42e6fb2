-- Periods of partners with millions of postings are closed.
-- The same rule as before, told without making JSON of every row: what a posting says never
-- changes, and that it went into a statement is added once.
DROP TRIGGER posting_once ON partners.posting;
CREATE TRIGGER posting_once BEFORE UPDATE ON partners.posting
FOR EACH ROW WHEN (
    OLD.statement_id IS NOT NULL OR NEW.statement_id IS NULL
    OR (
        OLD.outcome_id, OLD.partner, OLD.currency, OLD.store_id, OLD.issued, OLD.redeemed,
        OLD.funded, OLD.funded_minor, OLD.issued_x100, OLD.redeemed_x100, OLD.funded_x100,
        OLD.posted_at, OLD.pieces, OLD.pieces_minor
    ) IS DISTINCT FROM (
        NEW.outcome_id, NEW.partner, NEW.currency, NEW.store_id, NEW.issued, NEW.redeemed,
        NEW.funded, NEW.funded_minor, NEW.issued_x100, NEW.redeemed_x100, NEW.funded_x100,
        NEW.posted_at, NEW.pieces, NEW.pieces_minor
    )
)
EXECUTE FUNCTION ledger.never();
CREATE TRIGGER posting_never_goes BEFORE DELETE ON partners.posting
FOR EACH ROW EXECUTE FUNCTION ledger.never();

-- What is open, in the order in which it is closed.
CREATE INDEX posting_open_at ON partners.posting (partner, posted_at, outcome_id)
WHERE statement_id IS NULL;
DROP INDEX partners.posting_open;
