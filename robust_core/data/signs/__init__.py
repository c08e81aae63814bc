"""Road signs drawn after the Vienna Convention on Road Signs and Signals, and backdrops to put them before.

    from robust_core.data import signs

    picture, outline = signs.draw("stop", 128)

Drawn by this project as shapes, so that nothing has to be licensed and every size is sharp. Letters and
digits are those of the font that Pillow brings along.
"""

from robust_core.data.signs.catalogue import SIGNS, Sign, draw, get, names
from robust_core.data.signs.scene import backdrop, street

__all__ = ["SIGNS", "Sign", "backdrop", "draw", "get", "names", "street"]
