"""One's own way in: where one is signed in, passkeys, recovery codes."""
