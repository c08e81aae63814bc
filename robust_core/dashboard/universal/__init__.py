"""What the page Universal and stickers shows."""
