"""Values of a person, sealed with a key of that person's own: destroy the key and they are gone."""
