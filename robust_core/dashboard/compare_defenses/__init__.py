"""The page Compare defences: choosing defences, and a row of pictures for each."""
