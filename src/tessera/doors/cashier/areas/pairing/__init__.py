"""Which till this device is: it is given a till's key once, and keeps it until it is unpaired."""
