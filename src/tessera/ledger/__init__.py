"""ledger: moves, lots, holds and the proof that they are right."""
