"""The proof of partners: postings are what the ledger moved, statements what was posted."""
