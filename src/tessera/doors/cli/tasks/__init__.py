"""The worker of long tasks: a process of its own beside those that serve."""
