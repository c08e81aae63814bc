"""What is said of challenges: their goals, verdicts, what breaks them, and the sheet to hand in."""
