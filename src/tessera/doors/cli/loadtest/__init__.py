"""`tessera loadtest`: the peak of one's own shop, on this machine, against a scratch database."""
