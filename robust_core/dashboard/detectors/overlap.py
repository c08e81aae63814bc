"""The overlap argument in the plane, on demand."""

import streamlit as st

from robust_core.dashboard import lab, plots
from robust_core.dashboard.choices import choose_number
from robust_core.dashboard.components import buttons
from robust_core.dashboard.detectors import maps
from robust_core.engine import key_of
from robust_core.toys.overlap import Overlap, overlap
from robust_core.words.numbers import short_share

WHAT = (
    "In two dimensions both networks can be evaluated at every place. What fools both is part of what "
    "fools the classifier; a detector that was trained against the dynamic adversary leaves less of it."
)


def show_overlap() -> None:
    """A button, then two maps side by side."""
    st.markdown("## Why dynamic training helps: two classes in the plane")
    st.markdown(WHAT)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = choose_number("Seed", 0, 999, "toy_seed", 0, width=140, control=st.number_input)
        buttons.begin("Train three small networks", _wanted, key="toy")
    if not st.session_state.get("_toy"):
        st.caption("Takes some seconds.")
        return
    found = lab.attempt(
        key_of(overlap=seed),
        lambda progress: overlap(seed, progress=progress),
        channel="toy",
        doing="Training",
        words=lambda k, n: f"round {k:,} of {n:,}",
    )
    if found is not None:
        _draw(found)


def _wanted() -> None:
    st.session_state["_toy"] = True


def sentence(found: Overlap) -> str:
    """How much of what is in reach fools both, for either detector."""
    static, dynamic = (found.shares(kind)["both"] for kind in ("static", "dynamic"))
    alone = found.shares("static")["classifier"]
    price = [found.shares(kind)["neither"] for kind in ("static", "dynamic")]
    return (
        f"Of all places in reach {short_share(alone)} fool the classifier; {short_share(static)} also "
        f"pass the static detector, {short_share(dynamic)} the dynamic one. The price: places that are "
        f"flagged though the class is unchanged go from {short_share(price[0])} to {short_share(price[1])}."
    )


def _draw(found: Overlap) -> None:
    st.markdown(f"**{sentence(found)}**")
    for column, kind in zip(st.columns(2, gap="medium"), ("static", "dynamic"), strict=True):
        with column:
            st.markdown(f"**{kind.capitalize()} detector**")
            plots.draw(
                maps.overlap_map(found, kind),
                key=f"toy_{kind}",
                alt=f"What fools the classifier, the {kind} detector, and both, in the plane.",
            )
            watched = getattr(found, kind)
            st.caption(
                f"For {short_share(watched.lost)} of the points that were right and not flagged, some "
                f"place in reach fools both; {short_share(watched.false_positives)} of clean points "
                "are flagged."
            )
    st.caption(
        f"Two moons, {len(found.points)} points, eps {found.eps:g} of the side in Linf, thresholds set "
        f"to flag {short_share(found.false_positive_rate, 0)} of clean points. Seed {found.seed}."
    )
