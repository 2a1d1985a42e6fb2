"""The proof that joining and parting lose nothing."""
