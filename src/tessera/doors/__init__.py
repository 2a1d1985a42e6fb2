"""doors: where the world comes in; HTTP and transactions live only here."""
