"""What happened, in sentences that a student understands."""

from enum import Enum
from typing import Any

from robust_core.classifier import Guess
from robust_core.distances import length_name, of_equal_changes
from robust_core.experiment.perform import Experiment
from robust_core.goals import ConfidenceReduction, LeastLikely
from robust_core.words.numbers import in_255ths, limit, percents

MEANS = {"l1": "on average", "l2": "root mean square"}
"""The norms in which a length is also told as a change of a value, and as what change."""


class Verdict(Enum):
    """Five outcomes. ``ALREADY_WRONG``: the model missed the label before anything was changed."""

    FOOLED = "Fooled"
    LESS_SURE = "Less sure"
    HELD = "Held"
    ALREADY_WRONG = "Wrong before the attack"
    MISSED = "Target not reached"


def quoted(label: str) -> str:
    """A class name within a sentence: in quotes if it has digits, which could be read as a number."""
    return f'"{label}"' if any(c.isdigit() for c in label) else label


def said(*guesses: Guess) -> str:
    """Classes, each with its confidence: ``cat 98 %``, ``"0" 83 %, cat 9 %``."""
    return ", ".join(_each(*guesses))


def _each(*guesses: Guess) -> list[str]:
    shares = percents(*(guess.confidence for guess in guesses))
    return [f"{quoted(g.label)} {share}" for g, share in zip(guesses, shares, strict=True)]


def aim(experiment: Experiment) -> str:
    """The attack's aim in a sentence, with the picture's class and where that comes from."""
    known = f"{quoted(experiment.label.label)} ({experiment.label_source})"
    goal = experiment.goal
    if isinstance(goal, ConfidenceReduction):
        much = f"by {100 * goal.drop:g} points"
        if goal.threshold is not None:
            much = f"down to {100 * goal.threshold:g} %"
        return f"The attack should make it less sure of {known}, {much}."
    if experiment.target is None:
        return f"The attack should make it say anything but {known}."
    least = ", the least likely class" if isinstance(goal, LeastLikely) else ""
    return f"The attack should make it say {quoted(experiment.target.label)}{least}, instead of {known}."


def verdict(experiment: Experiment) -> Verdict:
    """The outcome of an experiment."""
    if isinstance(experiment.goal, ConfidenceReduction):
        if not experiment.success:
            return Verdict.HELD
        still = experiment.after[0].index == experiment.before[0].index
        return Verdict.LESS_SURE if still else Verdict.FOOLED
    if experiment.target is not None:
        return Verdict.FOOLED if experiment.success else Verdict.MISSED
    if experiment.before[0].index != experiment.label.index:
        return Verdict.ALREADY_WRONG
    return Verdict.FOOLED if experiment.success else Verdict.HELD


def change(experiment: Experiment, norm: str) -> str:
    """How far the picture that the verdict is about moved, in the attack's norm."""
    far = experiment.judged
    if far.linf == 0:
        return "nothing was changed"
    if norm in MEANS:
        length = getattr(far, norm)
        each = length / of_equal_changes(norm, experiment.clean.numel())
        return (
            f"the picture moved by {length:.2g} in {norm.upper()}, {in_255ths(each)} {MEANS[norm]}"
        )
    if norm == "l0":
        pixels = f"{far.l0:,.0f} pixel" + "s" * (far.l0 != 1)
        return f"{pixels} changed, none by more than {in_255ths(far.linf)}"
    return f"no pixel moved by more than {in_255ths(far.linf)}"


def sentence(experiment: Experiment, norm: str) -> str:
    """One sentence on labels, confidences and distance, and on the file where that tells another story."""
    first = experiment.before[0]
    last = experiment.after[0]
    moved = change(experiment, norm)
    if lost(experiment):
        name = norm if norm in MEANS else "linf"
        length = f"{name.capitalize()} {getattr(experiment, name):.2g}"
        moved = f"found at {length}; lost when saved in 8 bits"
    was, now = _each(first, last)
    outcome = verdict(experiment)
    if isinstance(experiment.goal, ConfidenceReduction):
        return f"{_fall(experiment)}; {moved}."
    if outcome is Verdict.ALREADY_WRONG:
        return (
            f"The model was wrong before the attack: it says {was}, the label is "
            f"{quoted(experiment.label.label)}. After it: {now}; {moved}."
        )
    if experiment.target is not None:
        target = quoted(experiment.target.label)
        if outcome is Verdict.FOOLED:
            return f"{was} became {now}, the target; {moved}."
        reached = said(experiment.target)
        return f"The target {target} was not reached: {was} became {now}, {reached}; {moved}."
    if outcome is Verdict.FOOLED:
        return f"{was} became {now}; {moved}."
    still = quoted(last.label)
    before, after = percents(first.confidence, last.confidence)
    return f"Still {still}: {before} became {after}; {moved}."


def _fall(experiment: Experiment) -> str:
    """How far the confidence in the model's first answer fell, and whether that is enough."""
    goal: Any = experiment.goal  # a ConfidenceReduction
    first, last = experiment.before[0], experiment.after[0]
    before, after = percents(first.confidence, experiment.confidence_after[first.index])
    was = f"{quoted(first.label)} {before}"
    if goal.threshold is None:
        wanted = f"{100 * goal.drop:.3g} points less"
    else:
        wanted = f"{limit(goal.threshold)} or less"
    if not experiment.success:
        return f"{was} is now {after}, where {wanted} was wanted"
    fell = f"{after} ({wanted} was wanted)"
    if last.index == first.index:
        return f"Still {quoted(first.label)}: {before} fell to {fell}"
    return f"{was} fell to {fell} and became {said(last)}"


def lost(experiment: Experiment) -> bool:
    """Whether the exact result of an attack without an eps reaches the goal, and its file does not."""
    return experiment.eps is None and experiment.success and not experiment.saved.success


def rounded(experiment: Experiment) -> str | None:
    """How rounding to 8 bits changes the outcome; None where it does not."""
    if lost(experiment):
        return "Lost when saved in 8 bits."
    if experiment.eps is None:
        if experiment.success or not experiment.saved.success:
            return None
        return "Rounded to 8 bits, as a PNG file stores it, the attack works."
    if experiment.success_exact == experiment.success:
        return None
    reaches = "reached" if experiment.success_exact else "did not reach"
    return (
        f"Before it was rounded to 8 bits, towards the clean picture so that it stays within eps, the "
        f"picture {reaches} the goal."
    )


def needed(experiment: Experiment, norm: str, allowed: float) -> str:
    """The distance that an attack without an eps needed, beside the allowed one, in its own norm.

    ``allowed`` is a radius in ``norm``. In L2 both are also given as the root-mean-square change of a
    value, which the pages call eps, in L1 as the mean one. In L0 it bounds the largest change of a value.
    """
    if not experiment.success:
        return "It found no change of any size that reaches the goal."
    length = getattr(experiment, length_name(norm))
    root = of_equal_changes(norm, experiment.clean.numel())
    moved, limit = (
        f"{value / root:.2g} ({in_255ths(value / root)})"
        + (f" {MEANS[norm]}, {value:.2g} in {norm.upper()}" if norm in MEANS else "")
        for value in (length, allowed)
    )
    verb = "stays within" if length <= allowed else "goes beyond"
    return f"It needed {moved}; you allowed {limit}. It {verb} that."
