"""What the README claims, as ratios measured in one run."""
