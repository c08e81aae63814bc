"""What an exact answer costs as ReLUs become undecided: measured while you watch, on a logarithmic axis."""

import math

import plotly.graph_objects as go
import streamlit as st

from robust_core import zoo
from robust_core.dashboard import plots
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, GREY
from robust_core.dashboard.verify import running
from robust_core.dashboard.verify.choice import Subject
from robust_core.experiment import verifiable
from robust_core.experiment.doubling import SECONDS, Doubling, Point
from robust_core.words.models import title

MOST = 500
"""ReLUs of a network on which radii are looked for at which few are undecided."""
IDEA = (
    "With n undecided ReLUs there are up to 2^n cases. Here eps grows, so that more and more ReLUs are "
    "undecided, and each time one integer program finds the exact least margin over the class that is "
    f"nearest by CROWN. Each has {SECONDS:g} s; the first that needs more ends the run. On a logarithmic "
    "axis, what keeps doubling is a straight line."
)


def show(subject: Subject) -> None:
    """The button, and both charts as they grow."""
    st.markdown("## Doubling the work: undecided ReLUs")
    st.caption(IDEA)
    name = subject.model.name
    if verifiable.known(name).neurons > MOST:
        small = [one for one, count in verifiable.networks().items() if count <= MOST]
        st.info(
            f"{title(name)} is too large to measure this while you wait. These are small enough: "
            f"{'; '.join(map(title, small))}."
        )
        return
    headline, stage = st.empty(), st.empty()

    drawn: set[int] = set()

    def draw(found: Doubling) -> None:
        if len(found.points) in drawn:  # the last one that was seen growing is the result itself
            return
        drawn.add(len(found.points))
        headline.markdown(f"**{told(found)}**")
        with stage.container():
            left, right = st.columns(2, gap="medium")
            for place, column, values in (("seconds", left, seconds), ("branches", right, nodes)):
                with column:
                    plots.draw(
                        chart(found, subject.model, place, values(found)),
                        key=f"verify_doubling_{place}_{len(found.points)}",
                        alt=f"{place.capitalize()} against undecided ReLUs. {told(found)}",
                    )

    key = running.doubling_key(subject)
    if not running.wanted(key, False):
        running.offer(key, "Measure it on this picture", "verify_doubling")
        return
    found = running.doubled(subject, draw)
    if found is not None:
        draw(found)


def seconds(found: Doubling) -> list[float]:
    """What each program took."""
    return [point.seconds for point in found.points]


def nodes(found: Doubling) -> list[float]:
    """Branches of each search; one that needed none has its root."""
    return [float(max(1, point.nodes)) for point in found.points]


def told(found: Doubling) -> str:
    """What it shows, in a sentence."""
    if not found.points:
        return "No ReLU becomes undecided."
    last, every = found.points[-1], found.every
    start = f"{last.unstable} undecided ReLUs at eps {last.eps:.4f}: "
    end = f"{start}{last.seconds:.1f} s" if last.solved else f"{start}not solved in {SECONDS:g} s"
    if not math.isfinite(every):
        return f"{end}."
    return f"The time doubles about every {every:.0f} undecided ReLUs. {end}."


def chart(found: Doubling, model: zoo.Description, what: str, values: list[float]) -> go.Figure:
    """Programs by their undecided ReLUs; crosses ran out of time."""
    figure = go.Figure(layout=plots.layout(300))
    for solved, name, symbol, colour in (
        (True, "solved", "circle", CLEAN),
        (False, "out of time", "x", ADVERSARIAL),
    ):
        own = [k for k, point in enumerate(found.points) if point.solved == solved]
        figure.add_scatter(
            x=[found.points[k].unstable for k in own],
            y=[values[k] for k in own],
            mode="markers",
            name=name,
            marker={"symbol": symbol, "size": 9, "color": colour},
            customdata=[about(found.points[k], found, model) for k in own],
            hovertemplate="%{customdata}<extra></extra>",
        )
    if what == "seconds" and math.isfinite(found.every):
        figure.add_scatter(**_line(found))
    figure.update_xaxes(title="undecided ReLUs", rangemode="tozero", **plots.FIXED)
    logs = [math.log10(value) for value in values] or [0.0]
    ends = [
        math.floor(min(logs)) - 0.15,
        max(math.ceil(max(logs)), math.floor(min(logs)) + 1) + 0.15,
    ]
    figure.update_yaxes(title=what, type="log", dtick=1, range=ends, **plots.FIXED)
    return figure


def _line(found: Doubling) -> dict:
    """Where time doubles at every ``found.every`` ReLUs, through the middle of what was solved."""
    solved = [point for point in found.points if point.solved]
    middle = sum(point.unstable for point in solved) / len(solved)
    level = sum(math.log2(point.seconds) for point in solved) / len(solved)
    ends = [solved[0].unstable, solved[-1].unstable]
    return {
        "x": ends,
        "y": [2 ** (level + (end - middle) / found.every) for end in ends],
        "mode": "lines",
        "name": f"doubles every {found.every:.0f}",
        "line": {"color": GREY, "dash": "dash", "width": 1.5},
        "hoverinfo": "skip",
    }


def about(point: Point, found: Doubling, model: zoo.Description) -> str:
    """All that a point depends on."""
    return (
        f"{point.unstable} undecided ReLUs, Linf eps {point.eps:.4f}<br>{point.seconds:.2f} s, "
        f"{point.nodes:,} branches{'' if point.solved else ', not solved'}<br>{model.called}, this "
        f"picture, margin over {found.rival}, MILP (HiGHS), at most {SECONDS:g} s"
    )
