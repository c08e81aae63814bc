"""Votes under noise: the figure as a pure function, and what they prove in a sentence."""

import plotly.graph_objects as go

from robust_core.certify import Certificate, PixelDPCertificate
from robust_core.dashboard import plots
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, GREY
from robust_core.words.numbers import percent
from robust_core.words.verdict import quoted

Proof = Certificate | PixelDPCertificate
CLASSES = 6
"""At most this many classes are shown: those with the most votes."""
LOOKS = ((CLEAN, ""), (ADVERSARIAL, "/"), (ADVERSARIAL, "x"))
"""Colour and pattern of the clean picture, and of the two adversarial ones."""


def guess_of(proof: Proof) -> int:
    """The class that the lower bound is about, even where nothing is certified."""
    return proof.guess if isinstance(proof, Certificate) else proof.label


def top_voted(proofs: list[Proof]) -> list[int]:
    """The classes with the most votes for any of the pictures, in the first picture's order."""
    shares = [[count / p.n for count in p.counts] for p in proofs]
    order = sorted(range(len(shares[0])), key=lambda i: -max(share[i] for share in shares))
    return sorted(order[:CLASSES], key=lambda i: tuple(-share[i] for share in shares))


def votes_chart(proofs: dict[str, Proof], names: tuple[str, ...]) -> go.Figure:
    """Shares of the votes by class for each picture, named by the keys: the clean one first.

    The whisker on a winner goes down to the lower bound of its probability, p_A; the dotted line is at
    one half, which the bound must exceed.
    """
    shown = top_voted(list(proofs.values()))
    bars = []
    for (name, proof), (colour, pattern) in zip(proofs.items(), LOOKS, strict=False):
        shares = [proof.counts[i] / proof.n for i in shown]
        below = [
            max(0.0, share - proof.p_lower) if i == guess_of(proof) else None
            for i, share in zip(shown, shares, strict=True)
        ]
        bars.append(
            go.Bar(
                name=name,
                x=[names[i] for i in shown],
                y=shares,
                marker={"color": colour, "pattern": {"shape": pattern, "solidity": 0.3}},
                error_y={
                    "type": "data",
                    "symmetric": False,
                    "array": [None if size is None else 0.0 for size in below],
                    "arrayminus": below,
                    "color": GREY,
                    "width": 0,  # a cap would be drawn on bars without a bound, too
                },
                customdata=[f"{proof.counts[i]:,} of {proof.n:,}" for i in shown],
                hovertemplate="%{x}: %{customdata} votes<extra>" + name + "</extra>",
            )
        )
    layout = plots.layout(
        190,
        barmode="group",
        showlegend=True,
        legend=plots.ABOVE | {"traceorder": "normal"},
        xaxis={"type": "category", "fixedrange": True},
        yaxis={
            "range": [0, 1.03],
            "tickformat": ".0%",
            "tickvals": [0, 0.5, 1],
            "fixedrange": True,
        },
    )
    figure = go.Figure(bars, layout)
    figure.add_hline(y=0.5, line={"color": GREY, "width": 1, "dash": "dot"})
    return figure


def promise(proof: Proof, names: tuple[str, ...], allowed: float) -> str:
    """In bold, whether the radius covers ``allowed``, an L2 length; then what the votes prove."""
    guess = guess_of(proof)
    name = quoted(names[guess])
    votes = f"{proof.counts[guess]:,} of {proof.n:,} votes"
    bound = f"{votes}: p_A is at least {proof.p_lower:.3f}"
    if proof.radius == 0:
        return f"**It abstains: nothing is certified.** Too few of the votes agree: {name} has {bound}."
    radius, length = _apart(proof.radius, allowed)
    if proof.radius > allowed:
        told = f"Certified at {radius} > {length} in L2: {name} stays, whatever the attack."
        return f"**{told}** It has {bound}."
    return f"**Certified at {radius} < {length} in L2: no guarantee.** {name} has {bound}."


def conditions(proof: Proof, eps: str, allowed: float) -> str:
    """What the numbers of ``promise`` mean, and how often they are wrong."""
    return (
        "The line down from the top of a winner's bar ends at p_A. "
        f"The radius is an L2 length around the clean picture. {eps} allows changes of up to "
        f"{allowed:.3g} in L2, when every value moves as far as it may. A certificate is wrong in at most "
        f"{percent(proof.alpha)} of cases; the noise has standard deviation {proof.sigma:g}."
    )


def _apart(a: float, b: float) -> tuple[str, str]:
    """Two lengths with enough figures to show which is larger."""
    for digits in range(2, 6):
        words = f"{a:.{digits}g}", f"{b:.{digits}g}"
        if words[0] != words[1]:
            break
    return words
