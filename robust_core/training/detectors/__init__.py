"""How each bundled detector is trained and exported."""
