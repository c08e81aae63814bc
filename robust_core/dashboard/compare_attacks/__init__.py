"""The page Compare attacks: choosing the rows, the rows themselves, and the charts below them."""
