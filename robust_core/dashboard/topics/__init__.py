"""What lessons and pages both explain: one topic a module, each with a function that draws it."""
