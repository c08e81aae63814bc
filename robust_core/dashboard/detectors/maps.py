"""Heat-maps of the adversary detectors, and the plane of the overlap argument, as pure functions.

All matrices are drawn with what was tested down the side and what the detector was fit to along the
foot, as the paper prints its tables; those of the results file are the other way round.
"""

from collections.abc import Sequence

import plotly.graph_objects as go
import torch
from torch import Tensor

from robust_core.dashboard.detectors.charts import (
    adversary_title,
    conditions,
    number,
)
from robust_core.dashboard.plots import FIXED, layout, values_in_cells
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, DETECTOR
from robust_core.evaluation.detector_tables.rows import EpsMatrix, Matrix, TransferTable
from robust_core.toys.overlap import Overlap
from robust_core.words.numbers import in_255ths, short_share

PAPER_NAMES = ("Fast", "Iter (Linf)", "Iter (L2)", "DeepFool (L2)", "DeepFool (Linf)")
PAPER_TRANSFER = (
    (0.89, 0.88, 0.63, 0.84, 0.89),
    (0.84, 0.87, 0.61, 0.81, 0.89),
    (0.66, 0.74, 0.90, 0.88, 0.87),
    (0.61, 0.66, 0.78, 0.85, 0.81),
    (0.80, 0.83, 0.69, 0.83, 0.91),
)
"""Metzen et al. (2017), 10-class ImageNet: rows tested, columns fit (an inference: ``PAPER_AXES``)."""
PAPER_SOURCE = "Metzen et al. (2017), 10-class ImageNet"
PAPER_AXES = (
    "The 25 values of the paper’s matrix are quoted; which axis is fit and which tested, and the order of "
    "the rows, is inferred: columns are taken as fit, as in the paper’s other tables, and rows in the "
    "order of the columns, which puts the largest values on the diagonal."
)
REGIONS = {
    "neither": ("flagged, class unchanged", "#BFBFBF"),
    "detector_only": ("not flagged, class unchanged", DETECTOR),
    "classifier_only": ("fools the classifier, flagged", "#F5D08A"),
    "both": ("fools both", ADVERSARIAL),
}
"""The kinds of places within reach, in the order of the areas: name and colour."""


def eps_map(table: EpsMatrix) -> go.Figure:
    """Detectors fit at each eps, tested at each."""
    names = [in_255ths(eps) for eps in table.eps]
    return _cells(_transposed(table.matrix), names, axis="eps")


def transfer_map(table: TransferTable) -> go.Figure:
    """The detector of each adversary against each adversary."""
    names = [adversary_title(one.adversary, one.eps) for one in table.adversaries]
    return _cells(_transposed(table.matrix), names)


def paper_map() -> go.Figure:
    """The same of the paper, on ImageNet: quoted, not ours."""
    words = [
        [f"{PAPER_SOURCE}<br>detectability {value:.2f}" for value in row] for row in PAPER_TRANSFER
    ]
    return _heat(PAPER_TRANSFER, words, PAPER_NAMES, low=0.5, high=1.0, colours="Cividis")


def asymmetry_map(values: Sequence[Sequence[float | None]], names: Sequence[str]) -> go.Figure:
    """M - M^T of detectabilities, rows tested, columns fit.

    Above 0: the detector that was fit to the column does better on the row than the other way round.
    """
    differences = [
        [None if a is None or b is None else a - b for a, b in zip(row, column, strict=True)]
        for row, column in zip(values, zip(*values, strict=True), strict=True)
    ]
    words = [
        [
            f"fit {fit}, tested {test}: {number(values[i][j])}<br>"
            f"fit {test}, tested {fit}: {number(values[j][i])}"
            for j, fit in enumerate(names)
        ]
        for i, test in enumerate(names)
    ]
    reach = max([0.1, *(abs(d) for row in differences for d in row if d is not None)])
    return _heat(differences, words, names, low=-reach, high=reach, colours="PuOr", texts="{:+.2f}")


def detectabilities(table: EpsMatrix | TransferTable) -> list[list[float | None]]:
    """The values of a table's matrix, rows tested, columns fit: for ``asymmetry_map``."""
    return [[cell["detectability"] for cell in row] for row in _transposed(table.matrix)]


def overlap_map(toy: Overlap, kind: str) -> go.Figure:
    """The plane as the detector ``static`` or ``dynamic`` sees it, with shares of what is in reach."""
    shares = toy.shares(kind)
    watched = getattr(toy, kind)
    place = watched.unflagged.int() + 2 * toy.wrong.int()  # in the order of REGIONS
    names = [f"{REGIONS[key][0]}: {short_share(shares[key])}" for key in REGIONS]
    colours = [colour for _, colour in REGIONS.values()]
    steps = [[(i + side) / 4, colour] for i, colour in enumerate(colours) for side in (0, 1)]
    axis = toy.axis.tolist()
    ground = go.Heatmap(
        x=axis,
        y=axis,
        z=_within(place, toy.reach),
        zmin=-0.5,
        zmax=3.5,
        colorscale=steps,
        showscale=False,
        text=[[names[k].split(":")[0] for k in row] for row in place.tolist()],
        hovertemplate="%{text}<br>%{x:.2f} across, %{y:.2f} up<extra></extra>",
        hoverongaps=False,
    )
    border = go.Contour(
        x=axis,
        y=axis,
        z=toy.classes.tolist(),
        contours={"coloring": "none", "start": 0.5, "end": 0.5, "size": 1},
        line={"color": "#595959", "width": 1.5, "dash": "dot"},
        showscale=False,
        hoverinfo="skip",
        showlegend=False,
    )
    legend = [
        _points(
            torch.full((1, 2), torch.nan, dtype=torch.float32, device="cpu"),
            name,
            colour,
            "square",
            11,
        )
        for name, colour in zip(names, colours, strict=True)
    ]
    data = [
        _points(toy.points[toy.labels == label], f"class {name}", CLEAN, symbol, 5)
        for label, name, symbol in ((0, "A", "circle"), (1, "B", "diamond-open"))
    ]
    side = {"range": [0, 1], "fixedrange": True, "visible": False, "constrain": "domain"}
    frame = layout(460, xaxis=side, yaxis=side | {"scaleanchor": "x"})
    return go.Figure([ground, border, *data, *legend], frame)


def _within(place: Tensor, reach: Tensor) -> list[list[int | None]]:
    """Places out of reach are left blank."""
    return [
        [k if near else None for k, near in zip(row, inside, strict=True)]
        for row, inside in zip(place.tolist(), reach.tolist(), strict=True)
    ]


def _points(points: Tensor, name: str, colour: str, symbol: str, size: int) -> go.Scatter:
    x, y = points.T.tolist()
    marker = {"size": size, "color": colour, "symbol": symbol}
    return go.Scatter(x=x, y=y, name=name, mode="markers", marker=marker, hoverinfo="skip")


def _transposed(matrix: Matrix) -> Matrix:
    """From rows fit, as in the results file, to rows tested."""
    return [list(row) for row in zip(*matrix, strict=True)]


def _cells(matrix: Matrix, names: Sequence[str], axis: str = "") -> go.Figure:
    values = [[cell["detectability"] for cell in row] for row in matrix]
    words = [
        [f"fit {fit}, tested {test}<br>{conditions(matrix[i][j])}" for j, fit in enumerate(names)]
        for i, test in enumerate(names)
    ]
    return _heat(values, words, names, low=0.5, high=1.0, colours="Cividis", axis=axis)


def _heat(
    values: Sequence[Sequence[float | None]],
    words: list[list[str]],
    names: Sequence[str],
    *,
    low: float,
    high: float,
    colours: str,
    texts: str = "{:.2f}",
    axis: str = "",
) -> go.Figure:
    """Cells with their values, from below chance to 1 in one scale, so that matrices compare."""
    cells = [["" if v is None else texts.format(v) for v in row] for row in values]
    labels = [name.replace(" ", "<br>") for name in names]
    numbers = list(range(len(names)))
    scale = {"zmin": low, "zmax": high, "colorscale": colours}
    told = {"customdata": words, "hovertemplate": "%{customdata}<extra></extra>"}
    heat = values_in_cells(values, cells, x=numbers, y=numbers, hoverongaps=True, **scale | told)
    missing = [  # a cell without a value shows no text of its own
        {
            "x": j,
            "y": i,
            "text": "no<br>success",
            "showarrow": False,
        }
        for i, row in enumerate(values)
        for j, value in enumerate(row)
        if value is None
    ]
    ticks = {
        "tickvals": numbers,
        "ticktext": labels,
        "showgrid": False,
    } | FIXED
    frame = layout(
        110 + 56 * len(names),
        legend=None,
        annotations=missing,
        xaxis=ticks | {"title": f"fit {axis}".strip(), "tickangle": 0},
        yaxis=ticks | {"title": f"tested {axis}".strip(), "autorange": "reversed"},
    )
    return go.Figure(heat, frame)
