"""The register of incidents: what went wrong, what was seen and what was done."""
