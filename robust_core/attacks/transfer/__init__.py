"""Attacks whose result is meant for another model than the one that it was made on."""
