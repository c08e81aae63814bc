"""The page Compare defences: which defences there are, and a row of pictures for each."""
