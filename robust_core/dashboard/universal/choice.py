"""The controls of the page Universal and stickers, and the perturbation that they lead to."""

from dataclasses import dataclass
from itertools import count

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from robust_core import attacks
from robust_core.attacks import Universal
from robust_core.attacks.universal.patches import PatchUniversal
from robust_core.dashboard import controls, lab, plots
from robust_core.dashboard.choices import choose_in_list, choose_number, choose_one
from robust_core.dashboard.components import buttons
from robust_core.dashboard.fetching import is_here
from robust_core.dashboard.universal.fitting import (
    Fitting,
    Growing,
    attack_of,
    bundled,
    learning_curve,
)
from robust_core.dashboard.universal.pictures import MANY, digest, record_of
from robust_core.dashboard.universal_files import load
from robust_core.engine import key_of
from robust_core.zoo import Description

CHANGE, PATCH = "perturbation", "patch"
KINDS = {CHANGE: "One change for all", PATCH: "A sticker"}
METHODS = ("uap-sgd", "uap", "uap-l2")
SIZES = (50, 100, 200, 500, 1000)
START_EPS = 10 / 255
AREA = 10
"""Percent of the picture that a sticker covers at first, where none is bundled."""


@dataclass(frozen=True)
class Found:
    """What is shown, a name for it in keys, and the bundle's name for it, if it is from there.

    ``rounds``: how many it was fitted for, where that was stopped.
    """

    universal: Universal
    digest: str
    bundled: str | None = None
    rounds: float | None = None


def choose_kind() -> str:
    """A change of all pixels, or a sticker."""
    return choose_one("What all pictures share", KINDS, "shared", CHANGE, width="stretch")


def choose_fitting(kind: str, model: Description) -> Fitting | None:
    """The attack, its budget, and the set; None, with a sentence, where they do not go together."""
    target = None
    parameters: dict[str, object] = {}
    if kind == CHANGE:
        title = {name: attacks.get(name).title for name in METHODS}.__getitem__
        name = choose_in_list("Attack", METHODS, "universal", METHODS[0], shown=title)
        eps = controls.choose_eps(own="universal_", start=START_EPS)
        parameters["eps"] = controls.radius(attacks.get(name).norm, eps, model)
    else:
        name = PATCH
        target = _choose_target(model)
        parameters["scale"] = _choose_area(model) / 100
    n = choose_one(
        "Pictures to fit to",
        {size: f"{size:,}" for size in SIZES},
        "universal_n",
        SIZES[-1],
        width="stretch",
        help="Training pictures; those shown are test pictures.",
    )
    try:
        return Fitting(model, attack_of(name, **parameters), n, target)
    except ValueError as error:
        st.error(f"{error}.")
        return None


def _choose_target(model: Description) -> int:
    name = bundled(model.name, PATCH)
    classes = model.class_names
    goal = load(name).record["goal_parameters"] if name else {}
    start = classes[goal.get("target", 0)]
    label, called = "The sticker makes it say", "Class of the sticker"
    key = f"sticker_{model.family}"
    return classes.index(choose_in_list(label, classes, key, start, called=called))


def _choose_area(model: Description) -> int:
    """At first that of the bundled sticker, which is the one shown."""
    name = bundled(model.name, PATCH)
    shown = load(name) if name else None
    start = round(100 * shown.scale) if isinstance(shown, PatchUniversal) else AREA
    label, called = "Share of the picture that it covers", "Area of the sticker"
    return choose_number(label, 2, 30, "sticker_area", start, called=called, format="%d %%")


def choose_start(model: Description) -> int:
    """The first of the pictures shown; only where the data set is here."""
    record = record_of(model)
    if record is None:
        return 0
    last = record.splits["test"] - MANY
    key = f"universal_from_{model.family}"
    return choose_number(
        "Test pictures, from number",
        0,
        last,
        key,
        0,
        step=MANY,
        called="First picture",
        control=st.number_input,
    )


def result(
    asked: Fitting | None, kind: str, model: Description, status: DeltaGenerator
) -> Found | None:
    """What was fitted here if it was, else the bundled one; with the button that fits."""
    name = bundled(model.name, kind)
    with status:
        if not is_here(model):
            return None
        here = record_of(model) is not None
        if asked is not None and here:
            _offer(asked, name)
        elif asked is not None:
            st.caption(
                "You can fit your own here once the data set is downloaded: its button is at the end."
            )
    if asked is not None and here and _is_wanted(asked, name):
        bar, place = st.container(), st.empty()  # so that no curve moves the button that stops it

        drawn = count()

        def draw(growing: Growing | None) -> None:
            if growing:
                with place.container():
                    draw_curve(growing, kind, f"growing_{next(drawn)}")

        with bar:
            fitted = asked.run(draw)
        place.empty()
        if fitted is not None:
            return Found(fitted, asked.key)
        left = lab.so_far(asked.key)
        if left is not None:
            draw_curve(left, kind, "stopped_curve")
            return Found(left.fitted, key_of(of=asked.key, at=left.rounds), rounds=left.rounds)
    if name is None:
        st.info("None is bundled for this model. Fit one: its curve appears while it is fitted.")
        return None
    kept = load(name)
    return Found(kept, key_of(universal=name, delta=digest(kept.delta.numpy())), name)


def _offer(asked: Fitting, name: str | None) -> None:
    """The button that fits, or the way back to the bundled one; one key keeps its place."""
    if name and _is_wanted(asked, name):
        st.button("Show the bundled one", key="universal_fit", on_click=_drop, args=(asked.key,))
        return
    kind = "secondary" if name else "primary"
    buttons.begin("Fit it here", _want, asked.key, key="universal_fit", type=kind)


def _is_wanted(asked: Fitting, name: str | None) -> bool:
    """It was asked for, or none is bundled and it is fitted already or the set comes with a package."""
    if asked.key in st.session_state.get("_universal", ()):
        return True
    if name is None and lab.engine().peek(asked.key) is not None:
        return True
    record = record_of(asked.model)
    return name is None and record is not None and bool(record.comes_with)


def _want(key: str) -> None:
    st.session_state.setdefault("_universal", set()).add(key)
    lab.allow(key)


def _drop(key: str) -> None:
    st.session_state.get("_universal", set()).discard(key)


def draw_curve(growing: Growing, kind: str, key: str) -> None:
    """The shares so far; there is at least one."""
    up = "reach the target" if kind == PATCH else "fooled"
    curve = growing.passes
    if curve:
        alt = f"Share that is {up} after each of {len(curve)} rounds; in the end {curve[-1]:.0%}."
    else:
        alt = f"Share of {growing.few} pictures that is {up} so far: {growing.within[-1][1]:.0%}."
    plots.draw(learning_curve(growing, "round", up), key=key, alt=alt)
