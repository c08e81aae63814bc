"""Attacks on a classifier and its detector at once."""
