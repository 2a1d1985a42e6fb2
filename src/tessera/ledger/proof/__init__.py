"""The proof of the ledger: what its moves say against what its rows say."""
