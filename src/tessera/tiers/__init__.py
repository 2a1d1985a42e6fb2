"""Where members stand on the ladders of the program, and how they came there."""
