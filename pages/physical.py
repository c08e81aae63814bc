"""Physical world: what is left of an attack once it is printed, turned, photographed."""

from robust_core.dashboard import left_column, navigation, settings
from robust_core.dashboard.physical import parts

navigation.inside_app()
parts.draw(*left_column.lay_out("Physical world"))
settings.publish()
