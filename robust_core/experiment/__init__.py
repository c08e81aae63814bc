"""Experiments on one picture: attack it, defend it, run detectors on it, follow it as eps grows."""
