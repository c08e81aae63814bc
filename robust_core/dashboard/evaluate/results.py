"""The right side of the page Evaluate: what was read, the run, and its results."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from robust_core import data
from robust_core.dashboard.evaluate import export, pictures, running, shown
from robust_core.dashboard.evaluate.choice import Wanted
from robust_core.dashboard.evaluate.pictures import SET, Source
from robust_core.dashboard.evaluate.plan import Part, Setup, parts_of
from robust_core.zoo import Description

IDEA = (
    "A model is asked about a labelled set of pictures: as they are, then under each attack at each "
    "eps, with and "
    "without each defence. Every figure is a share of the same pictures, with its 95 % interval."
)


def explain() -> None:
    """While there are no pictures."""
    st.markdown(f"## Bring pictures, see how often the model is right\n\n{IDEA}")


def show(
    model: Description, source: Source, count: int, wanted: Wanted, status: DeltaGenerator
) -> None:
    """All of it; nothing is evaluated before the visitor asks, but for the first example."""
    head = st.empty()
    found = pictures.read(source, model, count)
    if found is None:
        return
    setup = Setup(model, source, found, count, wanted.detector)
    parts, refused = parts_of(setup, wanted)
    pictures.say(found, source, model, count)
    for sentence in refused:
        st.caption(f":material/block: {sentence}")
    if not (wanted.attacks and wanted.eps):
        st.caption("Without an attack and an epsilon: noise of eps 0, which changes nothing.")
    if not parts:
        st.info("None of the chosen attacks can run: choose another.")
        return
    if _is_example(source):
        running.ask_once(parts)
    place, button, bar = st.empty(), status.empty(), status.empty()

    def draw() -> None:
        rows = running.rows_of(parts)
        head.markdown(f"## {shown.headline(rows)}")
        with place.container():
            shown.defended(rows)
            shown.table(rows)

    draw()
    running.offer(parts, button)
    running.fill(parts, bar, draw)
    _below(parts)


def _below(parts: list[Part]) -> None:
    """What the finished rows say, and how to repeat them."""
    rows = running.rows_of(parts)
    if any(row.value is not None for row in rows):
        shown.conditions(rows)
        shown.curve(rows)
        shown.fooled(rows)
    else:
        st.markdown(IDEA)
    export.show(rows)


def _is_example(source: Source) -> bool:
    """Pictures that come with a package and settings that nobody has changed: a second of work."""
    untouched = not st.query_params.to_dict()
    return source.kind == SET and bool(data.get(source.name).comes_with) and untouched
