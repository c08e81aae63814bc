"""What the page Compare defences opens with, and what is said of all rows together."""

from collections.abc import Iterable

from robust_core.dashboard.compared_defense import recovered
from robust_core.experiment.defended import Attacker, DefenseOutcome, DefenseTrial
from robust_core.experiment.perform import Experiment
from robust_core.words.verdict import said

QUICK = ("jpeg", "median", "random-resize-pad", "pgd-at", "distilled", "smoothing")
"""Chosen initially, as far as the model has them.

A filter with a gradient and one without, chance, two trainings, and a guarantee.
"""
PICTURE = "chelsea-face"
"""The sample that the page opens with: all networks are right about it, and the first choice of attack and
eps tells real defences from masked ones. About the whole cat the adversarially trained ones are wrong."""
WEAKER = 0.05
"""An aware attack that leaves this much more confidence in the label than the unaware one is weaker."""


def is_weaker(trials: dict[Attacker, DefenseTrial]) -> bool:
    """Whether the aware attacker did worse than the unaware one: then the attack failed, no more."""
    unaware, aware = trials[Attacker.UNAWARE], trials[Attacker.AWARE]
    if aware.outcome is not DefenseOutcome.RECOVERED:
        return False
    label = aware.label.index
    left = aware.after.confidences[label] - unaware.after.confidences[label]
    return unaware.success or left > WEAKER


def summary(
    undefended: Experiment,
    trials: Iterable[dict[Attacker, DefenseTrial]],
    wanted: int,
    *,
    over: bool,
) -> str:
    """How many of ``wanted`` defences recover the right answer, as far as they have finished.

    ``over``: whatever has not finished was stopped.
    """
    first = undefended.before[0]
    if first.index != undefended.label.index:
        return f"The model is wrong before any attack: it says {said(first)}."
    if not undefended.success:
        way_on = "" if undefended.eps is None else " Try a larger eps."
        return (
            f"This attack does not fool the undefended model: there is nothing to recover.{way_on}"
        )
    if not wanted:
        return "The undefended model is fooled. Choose a defence available for this model."
    trials = list(trials)
    done = recovered(trials)
    (saved, first_n), (kept, second_n) = done[Attacker.UNAWARE], done[Attacker.AWARE]
    verb = "recover" if saved > 1 else "recovers"
    attack = "the picture from an unaware attacker"
    if first_n == second_n == wanted:
        among = f"Of {wanted} defence{'s' * (wanted != 1)}, {saved or 'none'}"
        wrong = sum(each[Attacker.AWARE].outcome is DefenseOutcome.WRONG for each in trials)
        erring = (
            f" {wrong} {'are' if wrong > 1 else 'is'} wrong without any attack." if wrong else ""
        )
        return f"{among} {verb} {attack}; {kept or 'none'} from an aware one.{erring}"
    if not first_n and over:
        return "The undefended model is fooled; no defence has finished."
    if not first_n:
        return "The undefended model is fooled; the results of the defences follow."
    other = f"; {kept} of {second_n} from an aware one" if second_n else ""
    if over:
        return f"{saved} of {first_n} {verb} {attack}{other}. Not all of them finished."
    return f"So far {saved} of {first_n} {verb} {attack}{other}."
