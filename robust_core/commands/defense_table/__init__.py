"""``evaluate --suite defenses``: makes the table of the defences and prints it."""
