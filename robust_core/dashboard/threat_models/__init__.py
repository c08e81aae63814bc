"""What the page Threat models shows."""
