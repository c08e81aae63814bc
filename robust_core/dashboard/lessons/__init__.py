"""What the page Lessons shows."""
