"""The areas of the cabinet, each a folder that is found by itself."""
