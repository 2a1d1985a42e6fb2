"""demo: a small generated shop, built through the real writer and tried over HTTP."""
