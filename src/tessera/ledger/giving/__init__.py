"""Points that go other ways than receipts: to members, to causes, between currencies, by hand."""
