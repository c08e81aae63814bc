"""Attacks with one perturbation for many pictures: universal perturbations and patches."""
