"""Sample pictures, data sets, class names, and the safe decoding of uploads."""
