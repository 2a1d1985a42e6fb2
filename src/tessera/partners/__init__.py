"""What points cost between the program and those who take part in it. See README.md."""
