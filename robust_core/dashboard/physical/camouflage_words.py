"""The sentences and the chart of the part "Camouflage"."""

import plotly.graph_objects as go

from robust_core.classifier import Guess
from robust_core.dashboard import plots
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, GREY
from robust_core.experiment.camouflaged import Worn
from robust_core.papers import DUAN
from robust_core.words import citations
from robust_core.words.numbers import percent
from robust_core.words.verdict import quoted

WHAT = (
    "A change need not be small if it looks as if it belonged there: rust on a sign, a print on a shirt. "
    f"Adversarial camouflage ({citations.markdown(DUAN)}) gives the picture the style of another one, and "
    "at the same time makes the model say something else."
)
EQUATION = (
    r"\min_{x'}\ \lambda_s\,\lVert G(x') - G(s)\rVert^2 + \lambda_c\,\lVert F(x') - F(x)\rVert^2 "
    r"+ \lambda_m\,\mathrm{TV}(x') + \lambda_a\,J(x', y)"
)
HONEST = (
    "G are Gram matrices of features, the style; F are features, the content; TV is the "
    "smoothness; J is the attack. **Simplified, and rougher than the paper's pictures**: the authors take "
    "style and content from VGG-19, here they come from the attacked classifier's own features, which are "
    "fewer and coarser, so that nothing is downloaded. They run 4,000 steps inside a mask cut out by hand, "
    "and adapt to views for the physical world; here it is up to 400 steps, a plain area, no views. The "
    "weights are on another scale: here style and content are divided by their size."
)
LOOKS = {
    "style": ("#E69F00", "dash"),
    "content": (CLEAN, "dot"),
    "smooth": (GREY, "dashdot"),
    "attack": (ADVERSARIAL, "solid"),
}
LEAST = 1e-3
"""The lower end of the axis, where smaller terms are drawn: a logarithm has no 0."""


def told(answer: Guess) -> str:
    """A class and its confidence."""
    return f"{quoted(answer.label)} {percent(answer.confidence)}"


def headline(found: Worn, classes: tuple[str, ...]) -> str:
    """What the camouflage does, and whether the style would have done it alone."""
    if found.before.index != found.label:
        return (
            f"The model is wrong before anything is changed: it says {quoted(found.before.label)}, the "
            f"label is {quoted(classes[found.label])}."
        )
    if not found.success:
        aim = "" if found.target is None else f" {quoted(classes[found.target])}"
        return f"It does not reach its aim{aim}: the model says {quoted(found.after.label)}."
    said = f"With the style, {quoted(found.before.label)} becomes {quoted(found.after.label)}"
    alone = found.by_style.index
    if alone == found.after.index:
        return f"{said}: the style alone does that, without any attack."
    if alone == found.label:
        return f"{said}; by the style alone it stays {quoted(found.by_style.label)}."
    return f"{said}; the style alone makes it {quoted(found.by_style.label)}."


def term_curves(found: Worn) -> go.Figure:
    """The four terms at each step, on a logarithmic axis; a term with weight 0 is left out."""
    figure = go.Figure(layout=plots.layout(260))
    for name, part in found.terms.items():
        if not any(part):
            continue
        colour, dash = LOOKS[name]
        figure.add_scatter(
            x=list(range(len(part))),
            y=[max(value, LEAST) for value in part],
            customdata=part,
            name=name,
            mode="lines",
            line={"color": colour, "dash": dash},
            hovertemplate="step %{x}: %{customdata:.3g}<extra>" + name + "</extra>",
        )
    figure.update_xaxes(title="step", **plots.FIXED)
    figure.update_yaxes(title="term", type="log", dtick=1, exponentformat="none", **plots.FIXED)
    return figure
