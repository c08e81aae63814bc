"""``evaluate``: one attack, or a suite of several, and what is printed of them."""
