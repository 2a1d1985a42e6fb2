"""The areas of the console, each a folder that is found by itself."""
