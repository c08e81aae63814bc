"""The page Physical world: turned, photographed, printed, and before the visitor's own camera."""
