"""The page Compare attacks: which rows there are, the rows, and the charts below them."""
