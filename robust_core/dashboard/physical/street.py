"""The part "Signs in a street": a sign without and with a poster, from one place and from many."""

from dataclasses import replace

import streamlit as st
import torch
from streamlit.delta_generator import DeltaGenerator

from robust_core import imaging, zoo
from robust_core.attacks.physical.poses import DECK_001, GRID, Pose
from robust_core.attacks.physical.rp2 import Poster
from robust_core.dashboard import fetching, lab, plots
from robust_core.dashboard.components.strip import FOOLED, NEITHER, RIGHT, Cell, strip
from robust_core.dashboard.physical import plausible, sign_charts, sign_controls, sign_making
from robust_core.dashboard.physical import sign_words as words
from robust_core.dashboard.physical.sign_controls import Found, Wish
from robust_core.dashboard.physical.sign_making import MODEL
from robust_core.dashboard.physical.sign_markup import looks
from robust_core.data import signs
from robust_core.data.fitting import to_pixels
from robust_core.devices import best_device
from robust_core.engine import Key, Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.evaluation.physical import results
from robust_core.experiment.road_signs import CLEAN, POSTER, Look, Place, from_places, in_scene

AT_ONCE = 7
"""Places asked about between two messages."""
SIDE = 144


def draw(essentials: DeltaGenerator, more: DeltaGenerator) -> None:
    """Controls on the left; the street, the five places, the grid and what was published."""
    wish = sign_controls.choose(essentials, more)
    if fetching.fetch_model(MODEL):
        found = sign_controls.result(wish, essentials)
        if found is None:  # stopped before anything was made: the street stays
            wish = replace(wish, put="nothing", asked=None)
            found = Found(sign_making.bare(wish.sign))
        _show_scene(wish, found)
        if wish.asked is not None:
            _show_places(wish, found)
    st.markdown("## How it is made, beside what was published")
    st.latex(words.MINIMUM)
    st.caption(words.MADE)
    report = results.report()
    if report.signs:
        st.dataframe(plausible.signs(report), hide_index=True)
        st.caption(plausible.conditions(report))
    else:
        st.info(report.lacking or f"Not measured yet: `{results.COMMAND}`.")


def _name(poster: Poster) -> Key:
    return key_of(pixels=to_pixels(poster.changed).tobytes().hex(), covered=int(poster.area.sum()))


def _show_scene(wish: Wish, found: Found) -> None:
    """The answer in a sentence, the street, and the cut-outs that the network is given."""
    poster, classes = found.poster, zoo.describe(MODEL).class_names

    def work(progress: Reporter) -> dict[str, Look]:
        progress(0)
        return on_cpu_if_out_of_memory(
            lambda device: in_scene(zoo.load(MODEL, device), wish.sign, poster, wish.pose),
            best_device(),
            on_notice=progress.notice,
        )

    seen = lab.compute(
        key_of(scene=_name(poster), sign=wish.sign, pose=wish.pose.parameters),
        work,
        channel="scene",
        doing="Looking",
    )
    if seen is None:
        return
    st.markdown(f"## {words.headline(wish, seen, classes)}")
    st.markdown(f"{words.counting(wish, seen)} {words.WHAT}")
    told = words.where(wish)
    scene, cut_outs = st.columns([1.6, 1], gap="medium")
    with scene.container(key="street"):
        st.image(
            imaging.data_url(seen.get(POSTER, seen[CLEAN]).street.numpy()),
            caption=f"{told} {words.source(wish, found)}",
            alt=told,
        )
    target = None if wish.asked is None else signs.get(wish.asked.plan.target).gtsrb
    titled = [(what, words.title(what, wish), look) for what, look in seen.items()]
    cut_outs.html(looks(titled, classes, signs.get(wish.sign).gtsrb, target))


def _show_places(wish: Wish, found: Found) -> None:
    """The deck's five places as pictures, and the whole grid as a map."""
    five = _places(wish, found, DECK_001, "deck")
    if five is not None:
        st.markdown("## From the deck's five places")
        st.markdown(words.counted(five))
        st.html(strip([_cell(place) for place in five], side=SIDE))
        st.caption(words.JUDGED)
    grid = _places(wish, found, GRID, "grid")
    if grid is not None:
        st.markdown("## From a finer grid")
        told = words.counted(grid)
        st.markdown(told)
        if any(place.right for place in grid):
            plots.draw(sign_charts.grid(grid), key="sign_grid", alt=told)
            st.caption(words.GRID_KEY)


def _cell(place: Place) -> Cell:
    kind = (FOOLED if place.fooled else RIGHT) if place.right else NEITHER
    told = words.of_place(place, zoo.describe(MODEL).class_names)
    return Cell(place.pixels.numpy(), words.at(place), told, kind)


def _places(
    wish: Wish, found: Found, poses: tuple[Pose, ...], called: str
) -> tuple[Place, ...] | None:
    assert wish.asked is not None
    asked, poster = wish.asked.plan, found.poster

    def work(progress: Reporter) -> tuple[Place, ...]:
        def on(device: torch.device) -> tuple[Place, ...]:
            model = zoo.load(MODEL, device)
            seen: list[Place] = []
            for k in range(0, len(poses), AT_ONCE):
                progress(k, len(poses))
                seen += from_places(model, asked, poster, poses[k : k + AT_ONCE])
            return tuple(seen)

        return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)

    return lab.compute(
        key_of(places=called, poster=_name(poster), sign=asked.sign, target=asked.target),
        work,
        channel=f"places_{called}",
        doing="From other places",
    )
