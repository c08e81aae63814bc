"""Fast attacks that look for the nearest adversarial picture, in L0, L1, L2 and Linf."""
