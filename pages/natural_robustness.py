"""Natural robustness: weather, cameras, misspellings, noise: changes that nobody made on purpose."""

from robust_core.dashboard import left_column, navigation, settings
from robust_core.dashboard.natural_robustness import parts

navigation.inside_app()
parts.draw(*left_column.lay_out("Natural robustness"))
settings.publish()
