"""Orders of codes: made by the million, handed out once, revoked; what is known of one code."""
