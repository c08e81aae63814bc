"""The loss around the page's picture as a surface, with the plane that FGSM sees."""

import plotly.graph_objects as go
import streamlit as st

from robust_core.dashboard import ascending, plots
from robust_core.dashboard.choices import pick_one
from robust_core.dashboard.request import Request
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, GREY
from robust_core.experiment.pixels import MEASURES, Measure
from robust_core.experiment.surface import Surface, surface
from robust_core.words.numbers import decimal as number
from robust_core.words.numbers import on_both_scales

TITLES = {measure.title: name for name, measure in MEASURES.items()}
IDEA = (
    "FGSM replaces the loss by its **tangent plane** at x and goes to the corner where that is highest: "
    "it moves every value by eps, along the sign of its slope. The surface is the loss itself, along that "
    "direction and along one of random signs, which changes each value just as much."
)
FLAT = (
    "What is raised here are the log-odds log((1 − p)/p) of the label. Cross-entropy is softplus of them: "
    "it rises where they rise, but at a confident picture it is flat, and its plane hardly leaves the "
    "ground."
)


def compute(request: Request) -> Surface | None:
    """The surface of a request's picture, network and eps."""
    points = ascending.points(request)
    return ascending.compute(
        request,
        lambda model, found, progress: surface(model, found, points=points, progress=progress),
        channel="surface",
        doing="Loss around the picture",
        points=points,
    )


def show(request: Request, *, key: str, heading: str = "") -> None:
    """The choice of a loss, the surface, and what it says; ``key`` is the place's own.

    ``heading`` is what makes a headline of its first sentence.
    """
    found = compute(request)
    if found is None:
        return
    first = st.container()
    title = pick_one(
        "Loss", TITLES, f"{key}_loss", next(iter(TITLES)), label_visibility="collapsed"
    )
    measure = MEASURES[TITLES[title]]
    first.markdown(f"{heading}{headline(found, measure)}")
    plots.draw(figure(found, measure), key=f"{key}_surface", alt=told(found, measure))
    st.markdown(f"{promise(found, measure)} {IDEA}")
    st.caption(
        f"{FLAT} {request.model.called}, Linf up to {1.5:g} times eps {on_both_scales(found.eps)}, "
        f"pictures clipped to [0, 1], {len(found.axis)} × {len(found.axis)} points, seed 0."
    )


def headline(found: Surface, measure: Measure) -> str:
    """How far the loss rises in either direction."""
    here, corner, aside = (
        number(measure.of(each)) for each in (found.here, found.corner, found.aside)
    )
    return (
        f"{found.eps:g} along FGSM's direction takes the loss from {here} to {corner}, along random signs "
        f"to {aside}"
    )


def told(found: Surface, measure: Measure) -> str:
    """The same, with what the plane promised."""
    return f"{measure.title.capitalize()}: {headline(found, measure)}. {promise(found, measure)}"


def promise(found: Surface, measure: Measure) -> str:
    """What FGSM expects, against what it gets."""
    return (
        f"At the corner the plane promises {number(found.promised(measure))}, the loss is "
        f"{number(measure.of(found.corner))}."
    )


def figure(found: Surface, measure: Measure) -> go.Figure:
    """Surface, tangent plane, x, and FGSM's corner with what the plane promised there."""
    axis = found.axis.tolist()
    values, plane = measure.value(found.odds), found.plane(measure)
    here, corner = measure.of(found.here), measure.of(found.corner)
    low, high = min(values.min().item(), here), max(values.max().item(), found.promised(measure))
    room = 0.06 * (high - low) or 1.0
    figure = go.Figure(layout=plots.layout(480, legend={**plots.ABOVE, "itemsizing": "constant"}))
    figure.add_surface(
        x=axis,
        y=axis,
        z=values.tolist(),
        colorscale="Cividis",
        name="loss",
        showscale=False,
        showlegend=True,
        lighting={"ambient": 0.75, "diffuse": 0.5, "specular": 0.05},
        contours={"z": {"show": True, "color": "rgba(255, 255, 255, 0.5)", "width": 1}},
        hovertemplate="FGSM %{x:.4f}, random %{y:.4f}: J = %{z:.3g}<extra></extra>",
    )
    shown = plane.where((plane >= low - room) & (plane <= high + room), float("nan"))
    figure.add_surface(
        x=axis,
        y=axis,
        z=shown.tolist(),
        colorscale=[[0, ADVERSARIAL], [1, ADVERSARIAL]],
        opacity=0.35,
        name="tangent plane at x",
        showscale=False,
        showlegend=True,
        hovertemplate="the plane: %{z:.3g}<extra></extra>",
    )
    ends = [found.eps] * 2
    figure.add_scatter3d(
        x=ends,
        y=[0, 0],
        z=[corner, min(high + room, found.promised(measure))],
        mode="lines",
        line={"color": GREY, "width": 5, "dash": "dot"},
        name="what the plane misses",
        hoverinfo="skip",
    )
    for name, x, z, colour, symbol in (
        ("x", 0.0, here, CLEAN, "circle"),
        ("FGSM's corner", found.eps, corner, ADVERSARIAL, "diamond"),
    ):
        figure.add_scatter3d(
            x=[x],
            y=[0],
            z=[z + 0.6 * room],  # not buried in the surface
            customdata=[z],
            mode="markers",
            marker={
                "color": colour,
                "symbol": symbol,
                "size": 7,
                "line": {"color": "white", "width": 2},
            },
            name=name,
            hovertemplate=f"{name}: J = %{{customdata:.3g}}<extra></extra>",
        )
    figure.update_scenes(
        xaxis={"title": "along FGSM", "nticks": 5},
        yaxis={"title": "random signs", "nticks": 5},
        zaxis={"title": "loss J", "range": [low - room, high + room]},
        camera={"eye": {"x": -0.85, "y": -1.45, "z": 0.75}, "center": {"x": 0, "y": 0, "z": -0.12}},
        aspectmode="manual",
        aspectratio={"x": 1.35, "y": 1.05, "z": 0.8},
    )
    return figure
