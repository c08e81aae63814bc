"""The tables of the detectors: their plan, how their rows are measured, and the committed result."""
