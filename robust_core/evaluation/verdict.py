"""What happened, in sentences that a student understands."""

import math
from enum import Enum

from robust_core.experiment import Experiment


class Verdict(Enum):
    """Four outcomes. ``ALREADY_WRONG``: the model missed the label before anything was changed."""

    FOOLED = "Fooled"
    HELD = "Held"
    ALREADY_WRONG = "Wrong before the attack"
    MISSED = "Target not reached"


def percent(share: float) -> str:
    """A probability as people read it: never 100 % or 0 % unless it rounds there at one decimal."""
    value = 100 * share
    if 1 <= value <= 99 or value in (0, 100):
        return f"{value:.0f} %"
    if value > 99.9:
        return "over 99.9 %"
    return f"{value:.1f} %" if value >= 0.1 else "under 0.1 %"


def in_255ths(value: float) -> str:
    """A change of a value on the 0-255 scale, e.g. ``2.6/255``."""
    steps = 255 * value
    # Half a tenth goes up, also where float32 holds a hair less: 0.15 is 38.3/255 everywhere.
    tenths = math.floor(10 * steps + 0.5 + 1e-4) / 10
    number = f"{tenths:g}" if steps >= 1 or steps == 0 else f"{steps:.2g}"
    return f"{number}/255"


def verdict(experiment: Experiment) -> Verdict:
    """The outcome of an experiment."""
    if experiment.target is not None:
        return Verdict.FOOLED if experiment.success else Verdict.MISSED
    if experiment.before[0].index != experiment.label.index:
        return Verdict.ALREADY_WRONG
    return Verdict.FOOLED if experiment.success else Verdict.HELD


def change(experiment: Experiment, norm: str) -> str:
    """How far the picture moved, in the norm of the attack."""
    if experiment.linf == 0:
        return "nothing was changed"
    if norm == "l2":
        root_mean_square = experiment.l2 / math.sqrt(experiment.clean.numel())
        return (
            f"the picture moved by {experiment.l2:.3g} in L2, "
            f"{in_255ths(root_mean_square)} a value on average (root mean square)"
        )
    return f"no pixel moved by more than {in_255ths(experiment.linf)}"


def sentence(experiment: Experiment, norm: str) -> str:
    """One sentence on labels, confidences and distance."""
    first, last = experiment.before[0], experiment.after[0]
    moved = change(experiment, norm)
    was, now = (f"{g.label} {percent(g.confidence)}" for g in (first, last))
    outcome = verdict(experiment)
    if outcome is Verdict.ALREADY_WRONG:
        return (
            f"The model was wrong before the attack: it says {was}, the label is "
            f"{experiment.label.label}. After it: {now}; {moved}."
        )
    if experiment.target is not None:
        target = experiment.target.label
        if outcome is Verdict.FOOLED:
            return f"{was} became {now}, the target; {moved}."
        reached = percent(experiment.target.confidence)
        return (
            f"The target {target} was not reached: {was} became {now}, {target} {reached}; {moved}."
        )
    if outcome is Verdict.FOOLED:
        return f"{was} became {now}; {moved}."
    return f"Still {last.label}: {percent(first.confidence)} became {percent(last.confidence)}; {moved}."
