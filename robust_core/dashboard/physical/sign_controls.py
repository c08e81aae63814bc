"""The controls of the part "Signs in a street", and the poster that they lead to."""

from dataclasses import dataclass, replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from robust_core import imaging
from robust_core.attacks.physical.poses import DISTANCES, Pose
from robust_core.attacks.physical.rp2 import Poster
from robust_core.dashboard import lab
from robust_core.dashboard.choices import choose_in_list, choose_number, choose_one
from robust_core.dashboard.components import buttons
from robust_core.dashboard.physical import sign_making
from robust_core.dashboard.physical.sign_making import Asked, Growing
from robust_core.data import signs
from robust_core.evaluation.physical import plan
from robust_core.zoo.bundled_posters import BundledPoster

AREAS = {"bars": plan.ART, "stickers": "found", "poster": "sign", "nothing": ""}
PUT = {"bars": "Two bars", "stickers": "Stickers", "poster": "A poster", "nothing": "Nothing"}
COLOURS = {"screen": "As on screen", "printed": "As printed"}
STEPS, PLACES = (30, 60, 120, 200), (8, 12, 24)
FIRST, FIRST_TARGET = "stop", "speed-80"
FEET, WIDEST = 20, 60


@dataclass(frozen=True)
class Wish:
    """What the controls say: ``put`` is a key of ``PUT``, ``asked`` None where that is nothing."""

    sign: str
    put: str
    asked: Asked | None
    pose: Pose
    printed: bool


@dataclass(frozen=True)
class Found:
    """A poster in the chosen colours, the bundled one if it is that, and its making if that was stopped."""

    poster: Poster
    bundled: BundledPoster | None = None
    stopped: Growing | None = None


def choose(essentials: DeltaGenerator, more: DeltaGenerator) -> Wish:
    """Sign, what is put on it, where the camera stands; below, towards what, and the budget."""
    with essentials:
        sign = _choose_sign()
        put = choose_one("On it", PUT, "sign_put", "bars", width="stretch")
        feet = _slide("Distance", "sign_feet", FEET, int(min(DISTANCES)), int(max(DISTANCES)), "ft")
        angle = _slide("Angle", "sign_angle", 0, -WIDEST, WIDEST, "°")
    pose = Pose(distance=float(feet), angle=float(angle))
    if not AREAS[put]:
        return Wish(sign, put, None, pose, False)
    with more:
        target = _choose_target(sign)
        colours = choose_one("Colours", COLOURS, "sign_colours", "screen", width="stretch")
        steps = choose_one(
            "Steps of RP2", {n: f"{n}" for n in STEPS}, "sign_steps", 60, width="stretch"
        )
        places = choose_one(
            "Number of random places to make it for",
            {n: f"{n}" for n in PLACES},
            "sign_places",
            12,
            width="stretch",
            help="5 to 40 feet away, up to 35 degrees to the side. It is judged from other places.",
        )
    asked = Asked(plan.PosterPlan("live", sign, target, AREAS[put]), steps, places)
    return Wish(sign, put, asked, pose, colours == "printed")


def _title(name: str) -> str:
    return signs.get(name).title


def _choose_sign() -> str:
    names = signs.names()
    return choose_in_list("Sign", names, "sign", FIRST, shown=_title)


def _choose_target(sign: str) -> str:
    """The ready one's for this sign, where there is one."""
    options = [name for name in signs.names() if name != sign]
    ready = [poster.target for poster in plan.POSTERS if poster.sign == sign]
    start = (ready or [name for name in (FIRST_TARGET, FIRST) if name != sign])[0]
    key = f"sign_target_{sign}"
    return choose_in_list("To be taken for", options, key, start, shown=_title, called="Target")


def _slide(label: str, key: str, start: int, low: int, high: int, unit: str) -> int:
    gap = "" if unit == "°" else " "
    return choose_number(label, low, high, key, start, format=f"%d{gap}{unit}")


def result(wish: Wish, essentials: DeltaGenerator) -> Found | None:
    """What was made here if it was, else the ready one, else it is made; with the button that makes it.

    Of a making that was stopped, what there is. None where there is nothing.
    """
    if wish.asked is None:
        return Found(sign_making.bare(wish.sign))
    ready = sign_making.bundled(wish.asked.plan)
    key = wish.asked.key
    wanted = ready is None or key in st.session_state.get("_posters", ())
    if ready is not None:
        with essentials:
            _offer(key, wanted)
    if not wanted:
        assert ready is not None
        return Found(coloured(ready.poster, wish.printed), ready)
    bar, place = st.container(), st.empty()  # the picture below: each new one moves what follows it
    with bar:
        made = wish.asked.run(lambda growing: _show_growing(place, growing, wish.sign))
    place.empty()
    if made is not None:
        return Found(coloured(made, wish.printed))
    left = wish.asked.so_far
    if left is not None:
        return Found(coloured(left.poster, wish.printed), stopped=left)
    return None if ready is None else Found(coloured(ready.poster, wish.printed), ready)


def _offer(key: str, wanted: bool) -> None:
    """The button that makes one, or the way back to the ready one: under one key.

    The browser keeps a button that has the focus until something else gets it. Under a key of its own it
    would leave with the next click, what is below would move up, and the click on Stop would miss.
    """
    if wanted:
        st.button("Show the bundled one", key="sign_make", on_click=_drop, args=(key,))
        return
    what = "With the steps and places chosen. The one shown was made beforehand."
    buttons.begin("Make it here, live", _want, key, key="sign_make", help=what)


def _show_growing(place: DeltaGenerator, growing: Growing, sign: str) -> None:
    losses = growing.poster.loss
    words = f"Loss {losses[-1]:.2f} after {len(losses) - 1} steps"
    pixels = sign_making.in_frame(growing.poster.changed, sign)
    shown = imaging.data_url(imaging.enlarge(pixels, sign_making.SHOWN))
    place.image(shown, caption=words, alt=words)


def coloured(poster: Poster, printed: bool) -> Poster:
    """As on screen, or every pixel of the area in the nearest printable colour."""
    return replace(poster, changed=poster.as_printed) if printed else poster


def _want(key: str) -> None:
    st.session_state.setdefault("_posters", set()).add(key)
    lab.allow(key)


def _drop(key: str) -> None:
    st.session_state.get("_posters", set()).discard(key)
