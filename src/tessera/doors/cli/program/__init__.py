"""The program on the command line: check, compare, publish, go back, try, copy."""
