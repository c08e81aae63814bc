"""The page Live training: controls, the training as it runs, and an attack on its result."""
