"""Names beside the points of a chart, as many as there is room for."""

from collections.abc import Mapping

CANVAS = (450, 320)
"""Pixels of a chart between phone and projector; its width is not known when labels are chosen."""
LETTER, LINE = 5.2, 13
"""Pixels of a letter's width and of a line's height, at font size 10."""
SIDES = ((0.35, "top right"), (0.65, "top center"), (1.0, "top left"))
"""Up to which share of the width text goes to which side: it must not leave the chart."""


def placed(points: Mapping[str, tuple[float, float, str]]) -> dict[str, tuple[str, str]]:
    """For each key the text to draw at ``(x, y, text)`` and Plotly's ``textposition``.

    Earlier points are named first; one whose name would lie on another's gets "". y begins at 0.
    """
    xs = [x for x, _, _ in points.values()]
    left, width = min(xs, default=0), max(xs, default=0) - min(xs, default=0) or 1
    height = max((y for _, y, _ in points.values()), default=0) or 1
    taken: list[tuple[float, float, float, float]] = []
    found = {}
    for key, (x, y, text) in points.items():
        share = (x - left) / width
        side = next(name for limit, name in SIDES if share <= limit + 1e-9)
        long = LETTER * len(text)
        start = share * CANVAS[0] - {"top right": 0, "top center": long / 2, "top left": long}[side]
        base = y / height * CANVAS[1]
        box = (start, start + long, base, base + LINE)
        free = not any(_overlap(box, other) for other in taken)
        if free:
            taken.append(box)
        found[key] = (text if free else "", side)
    return found


def _overlap(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[1] and b[0] < a[1] and a[2] < b[3] and b[2] < a[3]
