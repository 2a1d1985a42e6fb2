"""One's luck: tickets, badges, privileges, what one has won."""
