"""The cashier's page, under /till: for shops whose till knows nothing of Tessera."""
