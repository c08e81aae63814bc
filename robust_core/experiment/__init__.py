"""Experiments on one picture: attack it, defend it, ask its detectors, follow it as eps grows."""
