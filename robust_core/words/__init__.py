"""The sentences that report results to people; pages and the command line share them."""
