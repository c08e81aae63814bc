"""Trainings that take seconds, for the page Live training."""
