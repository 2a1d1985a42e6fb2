"""Files that come in: sent, looked at, loaded; and what of them lies in quarantine until mended."""
