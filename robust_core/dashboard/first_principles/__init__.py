"""The page First principles: one module for each idea."""
