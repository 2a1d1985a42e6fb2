"""What has expired since a till that was cut off let it go: asked only then."""
