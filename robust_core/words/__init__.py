"""The sentences that say a result to a person; pages and the command line share them."""
