"""Staff: who works here, with which role, until when."""
