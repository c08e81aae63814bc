"""What the page Black box shows."""
