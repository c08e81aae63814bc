"""Verification on test sets: what each method proves, what attacks break, and whether all agree."""
