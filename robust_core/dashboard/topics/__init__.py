"""What lessons and pages both explain: one topic per module, each with a function that draws it."""
