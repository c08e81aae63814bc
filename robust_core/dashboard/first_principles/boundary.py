"""True and learned boundary: click a point, and see the nearest adversarial one."""

from dataclasses import dataclass

import streamlit as st
import torch

from robust_core.dashboard import lab, plots, settings
from robust_core.dashboard.choices import choose_in_list, choose_number
from robust_core.dashboard.first_principles import boundary_charts as charts
from robust_core.dashboard.first_principles.places import Places
from robust_core.engine import Reporter, key_of
from robust_core.toys import boundary as toy
from robust_core.words.numbers import share

COUNTS = (10, 20, 40, 100, 300, 1000)
START = (0.88, 0.38)
EPS = 0.05
IDEA = (
    "“The adversarial model looks for mismatch between the actual decision boundary and the model's "
    "learned decision boundary” (deck 001, after Goodfellow, McDaniel, Papernot, 2018). Here the true "
    "boundary is known. The network has seen only the grey points. **Shaded**: where it is wrong."
)
STORY = (
    "Deck 002 says it with distributions. **D_real** is where class C truly is, **D_train** where the "
    "model says C. The adversary does not know D_real: it takes a point of D_train and moves it a little. "
    "What it finds is in **D_adv**: consistent with D_real, different from D_train."
)


@dataclass(frozen=True)
class Asked:
    """How many points the network learns from, and which point is attacked."""

    count: int
    across: float
    up: float

    @property
    def point(self) -> torch.Tensor:
        return torch.tensor([self.across, self.up], dtype=torch.float64, device="cpu")


@dataclass(frozen=True)
class Found:
    """The network; of each class its areas and adversarial places; the share of points near to one."""

    learned: toy.Learned
    areas: dict[int, dict[str, float]]
    places: tuple[torch.Tensor, torch.Tensor]
    lost: float


def choose(places: Places) -> Asked:
    """The size of the training set, and the point: by a click, or by two fields."""
    with places.essentials:
        count = choose_in_list(
            "Training points",
            COUNTS,
            "edge_n",
            20,
            control=st.select_slider,
        )
        st.markdown(":small[The point: click into the plane, or set it here]")
        with st.container(horizontal=True, gap="small"):
            across, up = (
                choose_number(
                    label,
                    0.0,
                    1.0,
                    key,
                    first,
                    control=st.number_input,
                    step=0.01,
                    format="%.2f",
                )
                for label, key, first in (
                    ("Across", "edge_across", START[0]),
                    ("Up", "edge_up", START[1]),
                )
            )
    return Asked(count, across, up)


def clicked() -> None:
    """Take the point that was clicked."""
    event = st.session_state.get("edge_plane")
    points = event["selection"]["points"] if event else []
    if points:
        settings.choose("edge_across", round(float(points[0]["x"]), 2))
        settings.choose("edge_up", round(float(points[0]["y"]), 2))


def work(count: int, progress: Reporter) -> Found:
    """Train, and count areas; in a thread of the engine."""
    learned = toy.learn(count, progress=progress)
    first, second = (toy.adversarial_places(label, learned) for label in (0, 1))
    return Found(learned, toy.areas(learned), (first, second), toy.within_reach(learned, EPS))


def show(asked: Asked) -> None:
    """The plane, the distances, and the three distributions."""
    found = lab.compute(
        key_of(boundary=asked.count),
        lambda progress: work(asked.count, progress),
        channel="boundary",
        doing="Training in the plane",
    )
    if found is None:
        return
    label = int(toy.truth(asked.point[None]) > 0)
    near = {
        norm: toy.nearest(asked.point, norm, found.learned, places=found.places[label])
        for norm in charts.NORMS
    }
    st.markdown(f"## {told(asked, found, near)}")
    plane, side = st.columns([1.25, 1], gap="medium")
    with plane:
        plots.draw(
            charts.plane(found.learned, asked.point, near),
            key="edge_plane",
            alt=f"True and learned boundary in the plane. {told(asked, found, near)}.",
            on_select=clicked,
            selection_mode="points",
        )
    with side:
        st.markdown(IDEA)
        st.markdown(distances(asked, found, near))
        st.markdown(counted(found))
    st.markdown("## D_real, D_train, D_adv")
    st.markdown(STORY)
    st.html(charts.three(found.learned, label, found.areas[label]))
    st.caption(
        f"Class {label}, that of the chosen point; points are drawn uniformly from the square, so that "
        f"areas are probabilities. Areas on a grid of {toy.GRID} × {toy.GRID}; a network of two hidden "
        f"layers of {toy.WIDTH}, seed 0."
    )


def told(asked: Asked, found: Found, near: dict[str, toy.Nearest | None]) -> str:
    """How far the nearest adversarial point is."""
    at = near["l2"]
    if at is not None:
        return f"The nearest adversarial point is {at.distance:.3f} away"
    label = int(toy.truth(asked.point[None]) > 0)
    if toy.is_adversarial(asked.point[None], label, found.learned)[0]:
        return "This point is one: the network is wrong here before anyone attacks"
    return "No adversarial point: the network misses nothing of this class"


def distances(asked: Asked, found: Found, near: dict[str, toy.Nearest | None]) -> str:
    """Both norms, beside what DeepFool finds without knowing the true boundary."""
    rows = []
    for norm, title in charts.NORMS.items():
        at = near[norm]
        if at is None:
            continue
        attack = toy.deepfool(asked.point, found.learned, norm)
        words = f"- {title}: **{at.distance:.3f}**, nearest of all"
        if attack is None:
            rows.append(f"{words}; DeepFool finds nothing")
            continue
        far = toy.lengths((attack - asked.point)[None], norm).item()
        label = int(toy.truth(asked.point[None]) > 0)
        good = bool(toy.is_adversarial(attack[None], label, found.learned)[0])
        what = "" if good else ", across both boundaries: truly another class"
        rows.append(f"{words}; DeepFool, by the network alone: {far:.3f}{what}")
    return "\n".join(rows)


def counted(found: Found) -> str:
    """How little area, and how many points are near it."""
    wrong = sum(parts["adv"] for parts in found.areas.values())
    return (
        f"The mismatch covers **{share(wrong)}** of the plane. Of those of 500 fresh points that the "
        f"network gets right, **{share(found.lost)}** have an adversarial point within {EPS:g} (Linf)."
    )
