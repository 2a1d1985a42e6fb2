"""Rules: what the program gives and when; written in forms or as text, tried, published."""
