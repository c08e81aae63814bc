"""The page Evaluate: a model on a labelled set, clean and attacked, with and without defences."""
