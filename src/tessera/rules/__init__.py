"""rules: mechanics wish, the engine decides, the explanation says why."""
