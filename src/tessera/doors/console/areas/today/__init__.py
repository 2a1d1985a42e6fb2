"""The first page: what waits for whoever opens it, how the last thirty days went."""
