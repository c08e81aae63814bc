"""The curves of a training, which grow as it runs.

Vega-Lite and not plotly: Streamlit gives it new data without rebuilding the chart.
"""

import pandas as pd

from robust_core.dashboard.style import ADVERSARIAL, CLEAN, GREY
from robust_core.training.live.train import Epoch, Plan

ONE_STEP = "#E69F00"
HEIGHT = 280
# name -> colour, dash, marker: no line is told from another by its colour alone
LOSSES = {"clean": (CLEAN, [1, 0], "circle"), "adversarial": (ADVERSARIAL, [6, 3], "square")}
ACCURACIES = {
    "clean": (CLEAN, [1, 0], "circle"),
    "FGSM": (ONE_STEP, [6, 3], "square"),
    "PGD": (ADVERSARIAL, [2, 2], "triangle-up"),
}
STATIC = {**ACCURACIES, "old copies": (GREY, [8, 2, 2, 2], "diamond")}
MASKED = {
    "clean": ACCURACIES["clean"],
    "PGD on logits": ACCURACIES["PGD"],
    "PGD through softmax": (GREY, [6, 3], "diamond"),
    "zero gradients": (GREY, [1, 2], "cross"),
}


def accuracy_lines(plan: Plan) -> dict:
    """The lines of the second chart: those that show the masking, or the answers on old copies."""
    return {"distillation": MASKED, "static": STATIC}.get(plan.method, ACCURACIES)


def loss_rows(history: tuple[Epoch, ...]) -> pd.DataFrame:
    """A row for each epoch and loss: ``epoch``, ``line``, ``value``."""
    rows = (
        (e.number, line, value)
        for e in history
        for line, value in zip(LOSSES, (e.clean_loss, e.adversarial_loss), strict=True)
    )
    return _frame(rows)


def accuracy_rows(history: tuple[Epoch, ...], plan: Plan) -> pd.DataFrame:
    """The same for the shares of the test pictures."""

    def values(epoch: Epoch) -> tuple[float | None, ...]:
        at = epoch.at
        if plan.method == "distillation":
            return at.clean, at.pgd, at.masked, at.zero_gradients
        fresh = at.clean, at.fgsm, at.pgd
        return (*fresh, at.old) if plan.method == "static" else fresh

    lines = accuracy_lines(plan)
    rows = ((e.number, *pair) for e in history for pair in zip(lines, values(e), strict=True))
    return _frame(rows)


def _frame(rows) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["epoch", "line", "value"])
    return frame.astype({"epoch": int, "line": str, "value": float})


def curves(lines: dict, title: str, axis: tuple[str, int], *, share: bool = False) -> dict:
    """The Vega-Lite form of a chart; ``share`` for values from 0 to 1. It holds no data.

    ``axis`` is the name of the column that goes to the right, from 0, and where it ends.
    """
    column, end = axis
    y = {
        "field": "value",
        "type": "quantitative",
        "title": title,
        # A square root: both 10 at the beginning and 0.1 at the end can be read.
        "scale": {"domain": [0, 1]} if share else {"type": "sqrt", "nice": False},
        "axis": {"format": ".0%", "values": [0, 0.25, 0.5, 0.75, 1]}
        if share
        else {"format": "~f", "tickCount": 5},
    }

    def by_line(place: int, **more) -> dict:
        scale = {"domain": list(lines), "range": [look[place] for look in lines.values()]}
        return {"field": "line", "type": "nominal", "scale": scale, "title": None} | more

    # Without a stroke: the lines' dashes would go round the markers.
    above = {"orient": "top", "direction": "horizontal", "symbolSize": 90, "symbolStrokeWidth": 0}
    above |= {"offset": 4, "columns": len(lines) if len(lines) < 4 else 2}
    return {
        "description": f"{title} against {column}: {', '.join(lines)}.",
        "height": HEIGHT,
        "mark": {  # what it shows is the description: lines without points would be pictures without words
            "type": "line",
            "point": {"filled": True, "size": 45, "aria": False},
            "strokeWidth": 2,
            "aria": False,
        },
        "encoding": {
            "x": {
                "field": column,
                "type": "quantitative",
                "title": column,
                "scale": {"domain": [0, end], "nice": False},
                "axis": {"tickMinStep": end / max(4, end), "format": "~f", "grid": False},
            },
            "y": y,
            "color": by_line(0, legend=above),
            "strokeDash": by_line(1, legend=above),
            "shape": by_line(2, legend=above),
            "tooltip": [
                {"field": "line", "type": "nominal", "title": title},
                {"field": column, "type": "quantitative"},
                {"field": "value", "type": "quantitative", "format": ".1%" if share else ".3g"},
            ],
        },
    }
