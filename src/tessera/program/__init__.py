"""program: the published rules and settings, version by version."""
