"""What the page Challenges shows."""
