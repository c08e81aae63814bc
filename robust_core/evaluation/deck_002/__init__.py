"""The ImageNet experiment of Madan and Anand, "Robust Deep Learning" (deck 002), run again."""
