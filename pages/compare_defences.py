"""The address of ``compare_defenses.py``, for a server asked for it before app.py has run."""

from robust_core.dashboard import navigation

navigation.inside_app()
