"""What the page Verify is made of."""
