"""Figures of how defences work and break, as pure functions: numbers in, figures out."""

import math
from collections.abc import Iterable, Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots
from torch import Tensor

from robust_core.dashboard import plots
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, DEFENDED, GREY
from robust_core.toys.masking import LossLine
from robust_core.toys.temperature import LogitPair, Shares

ABOVE = plots.ABOVE | {"x": 0}
LEAST = 1.4e-45
"""The smallest float32 above 0."""
NEAREST = 6e-8
"""The smallest distance of a float32 below 1 from 1."""
ROWS = {"undefended": 0, "defended": 1}


def published_bars(rows: Sequence[tuple[str, str, int, str]]) -> go.Figure:
    """``(defence, authors, accuracy in percent, conditions)``, the first one on top.

    Those whose authors' name ends in ``**`` are hatched.
    """
    figure = go.Figure(
        go.Bar(
            y=[authors for _, authors, _, _ in rows],
            x=[accuracy for _, _, accuracy, _ in rows],
            orientation="h",
            marker={
                "color": DEFENDED,
                # Accuracy that is due to accidents of the implementation is not the defence's merit.
                "pattern": {"shape": ["/" * name.endswith("**") for _, name, _, _ in rows]},
            },
            text=[f"{accuracy} % {idea}" for idea, _, accuracy, _ in rows],
            textposition="outside",
            cliponaxis=False,
            customdata=[conditions for _, _, _, conditions in rows],
            hovertemplate="%{y}: %{text}<br>%{customdata}<extra></extra>",
        ),
        plots.layout(300, legend=None),
    )
    figure.update_xaxes(
        title="accuracy under the authors' attack", range=[0, 100], ticksuffix=" %", fixedrange=True
    )
    figure.update_yaxes(autorange="reversed", fixedrange=True)
    return figure


def masking_lines(found: LossLine, names: Sequence[str], *, adaptive: str, log: bool) -> go.Figure:
    """Loss, slope and class along the line of FGSM, without and with the defence.

    ``adaptive`` names the aware attacker's gradient; ``log``: logarithmic loss and slope, down to
    float32's smallest number, with absolute slopes.
    """
    figure = make_subplots(
        rows=3, cols=1, shared_xaxes=True, row_heights=[0.42, 0.38, 0.2], vertical_spacing=0.06
    )
    lines = (
        (1, "undefended", found.loss, GREY, "dash", 2),
        (1, "defended", found.defended_loss, DEFENDED, "solid", 2.5),
        (2, "undefended", found.slope, GREY, "dash", 2),
        (2, adaptive, found.adaptive_slope, ADVERSARIAL, "dot", 2.5),
        (2, "defended", found.seen_slope, DEFENDED, "solid", 2.5),
    )
    for row, name, values, colour, dash, width in lines:
        figure.add_scatter(
            x=found.t.tolist(),
            y=_shown(values.abs() if row == 2 and log else values, log),
            name=name,
            legendgroup=name,
            showlegend=row == 1 or name == adaptive,
            mode="lines",
            line={"color": colour, "dash": dash, "width": width, "shape": "linear"},
            hovertemplate=f"{name}, t = %{{x:.3f}}: %{{y:.3g}}<extra></extra>",
            row=row,
            col=1,
        )
    for name, classes in (("undefended", found.classes), ("defended", found.defended_classes)):
        _strip(figure, name, found.t, classes, names)
    figure.update_layout(
        **plots.FRAME,
        height=520,
        legend=ABOVE,
        barmode="overlay",
        bargap=0.25,
        hovermode="closest",
    )
    _axes(figure, log)
    return figure


def _axes(figure: go.Figure, log: bool) -> None:
    if log:
        decades = {"type": "log", "exponentformat": "power"}
        figure.update_yaxes(**decades, range=[math.log10(NEAREST) - 1, 3.5], dtick=3, row=1, col=1)
        figure.update_yaxes(**decades, range=[math.log10(LEAST) - 1, 3.5], dtick=15, row=2, col=1)
    figure.update_yaxes(title="loss", row=1, col=1)
    figure.update_yaxes(title="slope" + (", size" if log else ""), row=2, col=1)
    figure.update_yaxes(
        tickvals=list(ROWS.values()), ticktext=list(ROWS), range=[1.6, -0.6], row=3, col=1
    )
    figure.update_xaxes(title="t: how far along sign(gradient)", row=3, col=1)
    figure.update_xaxes(fixedrange=True, zeroline=False)
    figure.update_yaxes(fixedrange=True)
    figure.add_vline(x=0, line={"color": GREY, "width": 1, "dash": "dot"})


def _strip(figure: go.Figure, name: str, t: Tensor, classes: Tensor, names: Sequence[str]) -> None:
    """A bar cut where the class changes: blue for the clean picture's class, else vermillion."""
    begins = segments(t, classes)
    at_home = classes[(t.abs()).argmin()]
    figure.add_bar(
        y=[ROWS[name]] * len(begins),
        x=[end - start for start, end, _ in begins],
        base=[start for start, _, _ in begins],
        orientation="h",
        marker={
            "color": [CLEAN if c == at_home else ADVERSARIAL for _, _, c in begins],
            "pattern": {
                "shape": ["" if c == at_home else "/" for _, _, c in begins],
                "fillmode": "overlay",
                "solidity": 0.15,
            },
        },
        text=[f"“{names[c]}”" for _, _, c in begins],
        textposition="inside",
        insidetextanchor="middle",
        textangle=0,
        textfont={"color": "white"},
        customdata=[f"t from {start:.3f} to {end:.3f}" for start, end, _ in begins],
        hovertemplate=f"{name}: %{{text}}, %{{customdata}}<extra></extra>",
        showlegend=False,
        row=3,
        col=1,
    )


def segments(t: Tensor, classes: Tensor) -> list[tuple[float, float, int]]:
    """``(start, end, class)`` of each stretch of one class; each starts where the previous one ends."""
    cuts = (classes.diff() != 0).nonzero().flatten().tolist()
    edges = [t[0].item(), *[(t[i] + t[i + 1]).item() / 2 for i in cuts], t[-1].item()]
    inside = [*[int(classes[i]) for i in cuts], int(classes[-1])]
    return list(zip(edges, edges[1:], inside, strict=False))


def radius_curves(
    p: Sequence[float],
    privacy: Sequence[float],
    smoothing: Sequence[float],
    *,
    here: float,
    bound: float,
) -> go.Figure:
    """Certified L2 radii against the probability of the label, by PixelDP and by Cohen et al."""
    figure = go.Figure(
        [
            _line(p, values, name, DEFENDED, dash, "p = %{x:.4g}: %{y:.3g}")
            for name, values, dash in (
                ("PixelDP", privacy, "solid"),
                ("smoothing (Cohen et al.)", smoothing, "dash"),
            )
        ],
        plots.layout(340, legend=ABOVE),
    )
    figure.add_vline(
        x=here,
        line={"color": CLEAN, "width": 2},
        annotation_text=f"p = {here:g}",
        annotation_position="top left",
    ).add_hline(
        y=bound,
        line={"color": ADVERSARIAL, "width": 2, "dash": "dot"},
        annotation_text="attack bound L",
        annotation_position="top left",
    )
    top = 1.3 * max(*privacy, bound, smoothing[-1] / 2)
    figure.update_xaxes(title="probability of the label under noise", fixedrange=True)
    figure.update_yaxes(title="certified L2 radius", range=[0, top], fixedrange=True)
    return figure


def penalty_curves(
    margin: Sequence[float],
    losses: dict[str, Sequence[float]],
    points: tuple[Sequence[float], Sequence[float]],
) -> go.Figure:
    """Loss against margin; ``losses`` are plain, adversarial and decayed, ``points`` (margin, loss)."""
    looks = zip((CLEAN, ADVERSARIAL, GREY), ("solid", "solid", "dash"), strict=True)
    lines = [
        _line(margin, values, name, colour, dash, "margin %{x:.2f}: %{y:.3f}")
        for (name, values), (colour, dash) in zip(losses.items(), looks, strict=True)
    ]
    dots = go.Scatter(
        x=list(points[0]),
        y=list(points[1]),
        name="test pictures after FGSM",
        mode="markers",
        marker={"symbol": "circle-open", "size": 8, "color": ADVERSARIAL},
        hovertemplate="margin before %{x:.2f}, loss after FGSM %{y:.3f}<extra></extra>",
    )
    figure = go.Figure([*lines, dots], plots.layout(380, legend=ABOVE))
    figure.update_xaxes(title="margin y (w x + b) of the clean picture", fixedrange=True)
    figure.update_yaxes(title="loss", rangemode="tozero", fixedrange=True)
    return figure


def softmax_chart(found: LogitPair, *, certain: float | None, silent: float | None) -> go.Figure:
    """Probability of the smaller of two logits against T, in float32 and in float64.

    ``certain`` and ``silent``: the T from which float32 has exactly 1 and exactly 0; None for never.
    """
    lines = (
        ("float64", _shown(found.exact, log=True), GREY, "dash"),
        ("float32", _shown(found.loser, log=True), DEFENDED, "solid"),
    )
    figure = _against_temperature(found.scales, lines, ".2g")
    for at, words, height in ((certain, "the other: exactly 1", 0.97), (silent, "exactly 0", 0.85)):
        if at is not None:
            figure.add_vline(x=at, line={"color": ADVERSARIAL, "width": 1.5, "dash": "dot"})
            figure.add_annotation(  # on a logarithmic axis its x is the exponent, unlike the line's
                text=words,
                x=math.log10(at),
                y=height,
                yref="paper",
                showarrow=False,
                xanchor="left",
            )
    _temperature_axis(figure)
    figure.update_yaxes(
        title="probability", type="log", range=[-62, 2], dtick=15, exponentformat="power"
    )
    return figure


def share_chart(found: Shares) -> go.Figure:
    """The shares of pictures with a probability of exactly 1, and with a gradient of exactly 0."""
    lines = (
        ("probability exactly 1", found.certain.tolist(), CLEAN, "dot"),
        ("gradient exactly 0", found.silent.tolist(), DEFENDED, "solid"),
        ("gradient exactly 0, float64", found.double.tolist(), GREY, "dash"),
    )
    figure = _against_temperature(found.scales, lines, ".1%")
    _temperature_axis(figure)
    figure.update_yaxes(title="share of pictures", range=[-0.03, 1.03], tickformat=".0%")
    return figure


def _line(
    x: Sequence[float], y: Sequence[float | None], name: str, colour: str, dash: str, hover: str
) -> go.Scatter:
    return go.Scatter(
        x=list(x),
        y=list(y),
        name=name,
        mode="lines",
        line={"color": colour, "dash": dash, "width": 2.5},
        hovertemplate=f"{name}, {hover}<extra></extra>",
    )


def _against_temperature(
    scales: Tensor, lines: Iterable[tuple[str, list, str, str]], form: str
) -> go.Figure:
    """Lines ``(name, values, colour, dash)`` against T; ``form`` writes a value in the hover."""
    return go.Figure(
        [
            _line(scales.tolist(), values, name, colour, dash, f"T = %{{x:.3g}}: %{{y:{form}}}")
            for name, values, colour, dash in lines
        ],
        plots.layout(340, legend=ABOVE),
    )


def _temperature_axis(figure: go.Figure) -> None:
    figure.update_xaxes(
        title="T, the factor of the logits",
        type="log",
        range=[-0.02, 2.02],
        tickvals=[1, 2, 5, 10, 20, 50, 100],
        fixedrange=True,
    )
    figure.update_yaxes(fixedrange=True)


def _shown(values: Tensor, log: bool) -> list[float | None]:
    """Values that can be drawn: a logarithm needs more than 0; any other value leaves a gap."""
    return [v if math.isfinite(v) and (v > 0 or not log) else None for v in _floats(values)]


def _floats(values: Tensor) -> Iterable[float]:
    return values.double().tolist()
