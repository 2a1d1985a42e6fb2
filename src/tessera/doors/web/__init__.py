"""What the three shells share: pages as values, languages, templates, files, one way to ask."""
