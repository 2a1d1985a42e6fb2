"""checkout: quote, confirm and return a receipt; where the other rooms meet."""
