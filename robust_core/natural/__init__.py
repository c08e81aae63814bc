"""Natural robustness: changes of pictures, texts and signals that nobody chose to fool a network."""
