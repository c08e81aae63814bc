"""Accuracy, distances and reports."""
