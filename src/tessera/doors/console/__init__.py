"""The door of the staff: pages under /console."""
