"""What the page Home shows."""
