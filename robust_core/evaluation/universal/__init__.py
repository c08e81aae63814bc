"""Universal perturbations and patches on pictures that they were not fitted to, and their controls."""
