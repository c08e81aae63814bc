"""What the page Tools shows."""
