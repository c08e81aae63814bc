"""The grid of all places, as a pure function."""

from collections.abc import Sequence

import plotly.graph_objects as go

from robust_core.dashboard import plots
from robust_core.experiment.road_signs import Place


def grid(places: Sequence[Place]) -> go.Figure:
    """How often the target was reached, by distance and angle; where the clean sign fails, a dash."""
    far = sorted({place.pose.distance for place in places})
    turned = sorted({place.pose.angle for place in places})
    cells = {(place.pose.distance, place.pose.angle): place for place in places}
    rows = [[cells[d, a] for a in turned] for d in far]
    figure = go.Figure(
        plots.values_in_cells(
            [[p.fooled / p.right if p.right else None for p in row] for row in rows],
            [[f"{p.fooled}/{p.right}" if p.right else "–" for p in row] for row in rows],
            x=[f"{a:g}°" for a in turned],
            y=[f"{d:g}" for d in far],
            customdata=[[p.random for p in row] for row in rows],
            hovertemplate="%{y} feet, %{x}: %{text}; random stickers %{customdata}<extra></extra>",
        ),
        plots.layout(80 + 30 * len(far), legend=None),
    )
    axis = {"type": "category", "showgrid": False} | plots.FIXED
    figure.update_xaxes(title="angle", **axis)
    figure.update_yaxes(title="distance in feet", autorange="reversed", **axis)
    return figure
