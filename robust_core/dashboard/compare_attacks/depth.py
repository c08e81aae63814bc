"""Below the rows: all numbers, confidence against eps, and the regions around the picture."""

from dataclasses import replace
from functools import partial

import streamlit as st
import torch
from streamlit.delta_generator import DeltaGenerator

from robust_core import zoo
from robust_core.dashboard import lab, opened, plots
from robust_core.dashboard.compare_attacks.charts import eps_chart, regions_chart
from robust_core.dashboard.compare_attacks.selection import (
    ComparedAttack,
    left_confidence,
    per_value,
    root_mean_square,
)
from robust_core.dashboard.components import numbers
from robust_core.dashboard.controls import EPS_CHOICES, radius
from robust_core.data.fitting import to_tensor
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.experiment.curves import Point, curve
from robust_core.experiment.perform import Experiment
from robust_core.experiment.slices import Regions, axes, plane, regions
from robust_core.words.numbers import on_both_scales, percent
from robust_core.words.verdict import quoted, verdict

TABS = ("Numbers", "Confidence against eps", "Decision regions")
GRID = (0.0, *(k / 255 for k in (0.5, 1, 2)), 0.01, *(k / 255 for k in (4, 6, 8)), *EPS_CHOICES[1:])
"""The five eps of the page and a fine grid near 0, where the curves fall."""
WIDTHS = {
    "Attack": 140,
    "Outcome": 68,
    "Confidence": 86,
    **numbers.WIDTHS,
    "Mean": 56,
    "Time": 60,
    "Gradients": 70,
    "TV": 56,
    "SSIM": 56,
}
"""Column widths of the table, in pixels: the columns up to the time fit on a projector."""
LONG = 200
"""Attacks with more iterates than this take minutes on the fine grid: they get only the five eps."""
LENGTHS = ("l1", "l2", "linf")
"""Norms of which eps is a length: a number of pixels has no place on its axis."""
ENDED = (
    " Single points: attacks without eps, at the one that they needed, for L2 as the root mean square "
    "and for L1 as the mean change of a value."
)
SMALL = 64 * 64
"""Pictures of up to this many pixels get the finer grid of the plane."""


def show_depth(rows: list[ComparedAttack], done: dict[str, Experiment]) -> None:
    """Tabs; only the open one is computed and sent."""
    parts = (
        lambda: show_numbers(rows, done),
        lambda: show_curves(rows, done),
        lambda: show_regions(rows, done),
    )
    opened.draw_open(dict(zip(TABS, parts, strict=True)), "compared")


def show_numbers(rows: list[ComparedAttack], done: dict[str, Experiment]) -> None:
    """A table that is sorted by a click on a heading."""
    numbers.show_numbers(
        [_columns(row, done[row.attack.name]) for row in rows if row.attack.name in done],
        widths=WIDTHS,
        file_name="attacks.csv",
        alt="Each attack's result in numbers.",
    )
    st.caption(f"Mean: of the changes, in 255ths, which eps means in L1. {numbers.MEANT}")


def _columns(row: ComparedAttack, e: Experiment) -> dict[str, object]:
    return {
        "Attack": row.attack.title,
        "Outcome": verdict(e).value,
        "Says": e.after[0].label,
        "Confidence": e.after[0].confidence,
        f"Confidence in {quoted(e.label.label)}": left_confidence(e),
        "L0": e.judged.l0,
        "L1": e.judged.l1,
        "L2": e.judged.l2,
        "RMS": 255 * root_mean_square(e),
        "Mean": 255 * per_value(e, "l1"),
        "Linf": 255 * e.judged.linf,
        "Queries": e.queries,
        "Time": 1000 * e.seconds,
        "Gradients": e.gradients,
        "TV": e.judged.tv,
        "SSIM": e.ssim,
    }


def show_curves(rows: list[ComparedAttack], done: dict[str, Experiment]) -> None:
    """The curves, computed and drawn one after another."""
    bounded = [row for row in rows if row.request and row.attack.has_eps]
    if not bounded or not done:
        st.write("Choose an attack with an eps, such as FGSM or PGD: the others have no radius.")
        return
    example = next(iter(done.values()))
    place = st.empty()
    needed = needed_by(rows, done)
    curves: dict[str, dict[float, Point]] = {}
    for row in bounded:
        grid = grid_of(row)
        points = lab.compute(
            curve_key(row),
            partial(curve_work, row),
            channel="curve",
            doing=f"{row.attack.title} at {len(grid) - 1} eps",
        )
        if points is not None:
            curves[row.attack.name] = dict(zip(grid, points, strict=True))
            _draw_curves(place, curves, bounded, example, needed)
    with st.expander("Numbers of the chart"):
        st.dataframe(
            [
                {"eps": on_both_scales(eps)}
                | {
                    row.attack.title: percent(curves[row.attack.name][eps].confidence)
                    for row in bounded
                    if eps in curves.get(row.attack.name, ())
                }
                for eps in GRID
            ],
            hide_index=True,
        )


def needed_by(
    rows: list[ComparedAttack], done: dict[str, Experiment]
) -> dict[str, tuple[float, float]]:
    """The eps that each attack without one needed, as the page reads its norm, and the confidence there."""
    ended = [
        row
        for row in rows
        if row.attack.name in done
        and not row.attack.has_eps
        and done[row.attack.name].success
        and row.asked.attack.norm in LENGTHS
    ]
    return {
        row.attack.name: (
            per_value(done[row.attack.name], row.asked.attack.norm),
            left_confidence(done[row.attack.name]),
        )
        for row in ended
    }


def _draw_curves(
    place: DeltaGenerator,
    curves: dict[str, dict[float, Point]],
    bounded: list[ComparedAttack],
    example: Experiment,
    needed: dict[str, tuple[float, float]],
) -> None:
    label = quoted(example.label.label)
    here = bounded[0].asked.shown_eps
    with place.container():
        plots.draw(
            eps_chart(curves, EPS_CHOICES, label, here, needed),
            key=f"curves_{len(curves)}",
            alt=f"Confidence in {label} against eps for {', '.join(curves)}.",
        )
        st.caption(
            f"{len(curves)} of {len(bounded)} attacks. Hollow markers: the goal was not reached. Dashed "
            "lines: L2 attacks, eps read as the root-mean-square change of a value. The dotted line is "
            "the eps of the rows above. Each point is a separate run, all else equal."
            f"{ENDED if needed else ''}"
        )


def grid_of(row: ComparedAttack) -> tuple[float, ...]:
    """The values of eps at which the chart of an attack is computed."""
    return GRID if row.asked.attack.observations <= LONG else (0.0, *EPS_CHOICES)


def curve_key(row: ComparedAttack) -> str:
    """A key of the request without its eps, and of the grid."""
    request = replace(row.asked, attack=row.asked.attack.changed(eps=0.0))
    return key_of(curve=request.key(), grid=list(grid_of(row)))


def curve_work(row: ComparedAttack, progress: Reporter) -> tuple[Point, ...]:
    """Load the model and attack at each eps of the grid; called in a thread of the engine."""
    request = row.asked

    def on(device: torch.device) -> tuple[Point, ...]:
        return curve(
            zoo.load(request.model.name, device),
            to_tensor(request.pixels()).to(device),
            request.attack,
            [radius(request.attack.norm, eps, request.model) for eps in grid_of(row)],
            label=request.label,
            goal=request.goal,
            mask=request.mask(),
            progress=progress,
        )

    return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)


def show_regions(rows: list[ComparedAttack], done: dict[str, Experiment]) -> None:
    """The plane through the picture and the result of one of the attacks."""
    moved = {
        row.attack.name: row
        for row in rows
        if done.get(row.attack.name) and done[row.attack.name].l2 > 0
    }
    if not moved:
        st.write("No attack has changed the picture yet, so there is no direction to show.")
        return
    best = max(moved, key=lambda name: (done[name].success, len(done[name].frames)))
    name = st.selectbox(
        "Along the change made by",
        list(moved),
        index=list(moved).index(best),
        format_func=lambda n: moved[n].attack.title,
        key="slice_of",
    )
    row = moved[name]
    experiment = done[name]
    points = 41 if experiment.clean[0, 0].numel() <= SMALL else 21
    seen = lab.compute(
        key_of(regions=row.key, points=points),
        lambda progress: regions_work(row.asked.model, experiment, points, progress),
        channel="slice",
        doing=f"Classifying {points * points} pictures",
    )
    if seen is not None:
        _draw_regions(row, experiment, seen)


def regions_work(
    model: zoo.Description, experiment: Experiment, points: int, progress: Reporter
) -> Regions:
    """Classify the grid; called in a thread of the engine."""

    def on(device: torch.device) -> Regions:
        network = zoo.load(model.name, device)
        cut = plane(experiment.clean.to(device), experiment.adversarial.to(device))
        return regions(network, cut, *axes(cut.length, points), progress=progress)

    return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)


def path_of(experiment: Experiment) -> tuple[torch.Tensor, float]:
    """The iterates projected onto the plane ``[T, 2]``, and their largest L2 distance from it.

    The first point is the clean picture, the last one the adversarial picture. The points between come
    from the frames, which are rounded to 8 bits: on the plane that is negligible.
    """
    cut = plane(experiment.clean, experiment.adversarial)
    between = [to_tensor(frame.pixels.numpy()) for frame in experiment.frames]
    where, off = cut.project(torch.cat([experiment.clean, *between, experiment.adversarial]))
    return where, off.max().item()


def _draw_regions(row: ComparedAttack, experiment: Experiment, seen: Regions) -> None:
    where, off = path_of(experiment)
    names = row.asked.model.class_names
    title = row.attack.title
    plots.draw(
        regions_chart(seen, names, experiment.before[0].index, experiment.after[0].index, where),
        key="regions",
        alt=f"Classes on the plane through the picture and the result of {title}.",
    )
    outside = percent(seen.outside.max().item())
    st.caption(
        f"To the right: the direction of {title}. Up: a random direction at right angles to it. Lines: "
        f"equal confidence. Values that leave [0, 1] are clipped: up to {outside} of a picture, at the "
        f"edge. The path is projected onto the plane: it leaves it by up to {off:.2g} in L2."
    )
