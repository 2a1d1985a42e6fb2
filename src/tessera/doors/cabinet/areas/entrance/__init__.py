"""The way in: signing in by code or passkey, joining, coming back from a provider."""
