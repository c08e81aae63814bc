"""Medical reports of our own making, a classifier of their character n-grams, and misspellings."""
