"""Deck 002's experiment beside ours: tables 1 and 2, figure 6, table 3."""

from docs.generator.markdown import number, percent, table
from robust_core.evaluation.deck_002 import protocol, results
from robust_core.evaluation.deck_002.comparison import Line, explained, lines
from robust_core.evaluation.deck_002.results import Measured

SPACE = protocol.NORMALISED


def tables() -> str:
    """The tables of each model that was measured; how to measure one where there is none."""
    found = [results.measured(name) for name in results.models()]
    if not found:
        return f"Not measured yet: `{results.command(protocol.MODEL)}`."
    return "\n\n".join(map(one_model, found))


def one_model(found: Measured) -> str:
    """Eps in units of a channel's deviation, as the deck's most likely is."""
    n = found.n
    intro = (
        f"**{found.model}**, {n} pictures of {found.data} that it gets right (of {found.asked} that it "
        "was asked about); deck: VGG11, 150 pictures of 30 classes. Right in per cent, top-1 / top-5; eps "
        f"in units of a channel's deviation; the deck gives no step size. Made by `{found.command}`."
    )
    heads = {"eps": "r", "attack": "l", "steps": "r", "deck": "r"}
    heads |= {f"step {step}": "r" for step in protocol.STEP_SIZES}
    rows = [_row(eps, line, n) for eps in protocol.EPS for line in lines(found, SPACE, eps)]
    why = " ".join(f"At eps {eps:g}: {explained(found, SPACE, eps)}" for eps in protocol.EPS)
    return "\n\n".join([intro, table(heads, rows), why, _figure(found), _carlini(found)])


def _row(eps: float, line: Line, n: int) -> tuple:
    deck = line.printed and f"{line.printed.top1:g} / {line.printed.top5:g}"
    ours = [
        f"{100 * line.ours[step].top1 / n:.1f} / {100 * line.ours[step].top5 / n:.1f}"
        if step in line.ours
        else None
        for step in protocol.STEP_SIZES
    ]
    if line.attack is None:
        ours = ["100 / 100"] * len(ours)
    return (f"{eps:g}", line.title, line.steps, deck, *ours)


def _figure(found: Measured) -> str:
    heads = {"eps": "r", "FGSM, top-5": "r", "reach the target": "r"}
    heads |= {"BIM, top-5": "r", "reach it": "r"}
    curves = [found.curve(SPACE, attack) for attack in (protocol.FGSM, protocol.BIM)]
    rows = [
        (
            f"{one.eps:g}",
            *(percent(k / found.n, 1) for r in (one, other) for k in (r.top5, r.reached)),
        )
        for one, other in zip(*curves, strict=True)
    ]
    return (
        "Figure 6, towards a random class: the share with its label among the first five. BIM takes "
        f"{protocol.FIGURE_STEPS} steps of {protocol.FIGURE_STEP_SIZE}.\n\n{table(heads, rows)}"
    )


def _carlini(found: Measured) -> str:
    row, n = found.carlini, found.n
    deck = protocol.CARLINI
    return (
        f"Table 3, CW-L2 towards a random class: the target is reached on {percent(row.target1 / n, 1)} "
        f"(deck {deck['target'][0]:g} %), with a mean L2 of {number(row.mean_l2, '.3f')}. The label "
        f"is still among the first five on {percent(row.top5 / n, 1)}, and no longer on "
        f"{percent(1 - row.top5 / n, 1)}; the deck prints {deck['accuracy'][1]:g} % without saying which."
    )
