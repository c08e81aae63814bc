"""``evaluate-detectors``: makes the tables of the detectors and prints them."""
