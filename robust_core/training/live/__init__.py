"""Training in seconds, for the page Live training."""
