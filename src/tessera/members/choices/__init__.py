"""choices: what members choose in advance, and how often they may change it."""
