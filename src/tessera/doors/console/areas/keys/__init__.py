"""Keys of the API: for tills, partners and programs of others."""
