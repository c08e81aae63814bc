"""The address that ``compare_defenses.py`` has, for a server that is asked for it before app.py ran."""

from robust_core.dashboard import navigation

navigation.inside_app()
