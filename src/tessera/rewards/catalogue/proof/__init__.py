"""The proof of rewards: claims against points, stock and codes."""
