"""The first page: the pass, where the points stand, what ends next; and what makes it an app."""
