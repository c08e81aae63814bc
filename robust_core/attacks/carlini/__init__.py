"""The three attacks of Carlini and Wagner (2017), one for each norm: L0, L2 and Linf."""
