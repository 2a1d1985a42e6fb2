"""The living gallery: every component in every state, for authors of pages and for the tests."""
