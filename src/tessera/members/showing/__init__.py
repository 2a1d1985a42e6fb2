"""Who stands there, by what a phone shows: codes of a minute, numbers for phones."""
