"""Members who may be one person: found at entry, found in bulk, judged by people."""
