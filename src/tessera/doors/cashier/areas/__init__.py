"""The areas of the cashier's page, each a folder that is found by itself."""
