"""Natural robustness: changes that nobody chose against a network, of pictures, texts and signals."""
