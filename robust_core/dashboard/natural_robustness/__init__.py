"""What the page Natural robustness shows."""
