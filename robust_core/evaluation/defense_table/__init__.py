"""The table of the defences: its plan, how its rows are measured, and the committed result."""
