"""Challenges: a ladder of defences to break, and the verdict on whoever tries."""
