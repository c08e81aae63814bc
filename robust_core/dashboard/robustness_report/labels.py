"""Names beside the points of a chart, as many as there is room for."""

from collections.abc import Mapping

Box = tuple[float, float, float, float]
CANVAS = (240, 190)
"""Pixels of a chart on a phone: its width is not known when labels are chosen."""
LETTER = 6.2
LINE = 15
"""Pixels of a letter's width and of a line's height, at font size 12."""
SIDES = ((0.35, "right"), (0.65, "center"), (1.0, "left"))
"""Up to which share of the width text goes to which side: it must not leave the chart."""
HEIGHTS = {"top": 0.5, "middle": -0.5, "bottom": -1.5}
"""Where text begins above the point, in lines; the next is tried where one is taken."""


def placed(points: Mapping[str, tuple[float, float, str]]) -> dict[str, tuple[str, str]]:
    """For each key the text to draw at ``(x, y, text)`` and Plotly's ``textposition``.

    Earlier points are named first; one whose name overlaps others at any height gets "". y begins at 0.
    """
    xs = [x for x, _, _ in points.values()]
    left = min(xs, default=0)
    width = max(xs, default=0) - min(xs, default=0) or 1
    height = max((y for _, y, _ in points.values()), default=0) or 1
    taken: list[Box] = []
    found = {}
    for key, (x, y, text) in points.items():
        share = (x - left) / width
        side = next(name for limit, name in SIDES if share <= limit + 1e-9)
        long = LETTER * len(text)
        start = share * CANVAS[0] - {"right": 0, "center": long / 2, "left": long}[side]
        base = y / height * CANVAS[1]
        found[key] = ("", f"top {side}")
        for level, lines in HEIGHTS.items():
            box = (start, start + long, base + lines * LINE, base + (lines + 1) * LINE)
            own = level == "middle" and side == "center"  # the place of the point itself
            axis = box[2] < -LINE  # the place of the axis's own words
            if not own and not axis and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                found[key] = (text, f"{level} {side}")
                break
    return found


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]
