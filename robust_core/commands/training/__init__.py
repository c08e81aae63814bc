"""The command ``train``: a module for each kind of detector, and what ``--all-missing`` trains."""
