"""Falling back on a second model: it classifies what the detector flags.

The alternative is to reject these pictures (see ``rejection``). Source of the idea: Metzen et al.
(2017), section 5; that several weak defences need not make a strong one: He et al. (2017), "Adversarial
example defenses: ensembles of weak defenses are not strong".
"""

from dataclasses import dataclass, replace

from torch import Tensor

from robust_core.detectors.measure import Answers
from robust_core.detectors.rejection import Costs, Rejection, cheapest, mix, sweep


@dataclass(frozen=True)
class Second:
    """Where the second model is right: bool ``[N]`` of clean, ``[M]`` of adversarial pictures.

    The pictures are those of the matching ``Answers``, in the same order, flagged or not.
    """

    before: Tensor
    after: Tensor


@dataclass(frozen=True)
class Fallback:
    """Shares in [0, 1] for each threshold, float64 ``[T]`` each; every picture is answered.

    ``robust_accuracy`` and ``harm`` add up to 1. Unlike that of ``Rejection``, the harm may rise as the
    threshold falls.
    """

    first: Rejection
    """What the first model answers, at the same thresholds."""
    second_right: Tensor
    """P(flagged, and the second model is right | clean)."""
    second_wrong: Tensor
    """P(flagged, and the second model is wrong | adversarial)."""

    @property
    def thresholds(self) -> Tensor:
        """At minus infinity only the second model answers, at infinity only the first."""
        return self.first.thresholds

    @property
    def clean_accuracy(self) -> Tensor:
        """P(right | clean), whichever model answers."""
        return self.first.clean_accuracy + self.second_right

    @property
    def harm(self) -> Tensor:
        """P(wrong | adversarial), whichever model answers."""
        return self.first.harm + self.second_wrong

    @property
    def robust_accuracy(self) -> Tensor:
        """Of the system: P(right | adversarial)."""
        return 1 - self.harm

    def coverage(self, share: float) -> Tensor:
        """P(answered by the first model) where a ``share`` in [0, 1] of the pictures is adversarial."""
        return self.first.coverage(share)

    def cost(self, costs: Costs, share: float) -> Tensor:
        """The mean cost of a picture where a ``share`` in [0, 1] of them is adversarial.

        A wrong answer costs the same from either model; falling back costs nothing, so
        ``costs.false_alarm`` and ``costs.caught`` are not used.
        """
        return mix(costs.wrong * (1 - self.clean_accuracy), costs.harm * self.harm, share)

    def best(self, costs: Costs, share: float) -> int:
        """Index of the threshold of least mean cost; among equal ones, of the one that flags least."""
        return cheapest(self.cost(costs, share))

    def at(self, place: int) -> dict[str, float]:
        """All figures of one threshold, as numbers, under the names of ``Rejection.at``.

        Accepted is what the first model answers; ``false_rejections`` are clean pictures that fall back.
        """
        names = ("clean_accuracy", "harm", "robust_accuracy")
        return self.first.at(place) | {name: getattr(self, name)[place].item() for name in names}


def fallback(answers: Answers, second: Second, thresholds: Tensor | None = None) -> Fallback:
    """The policy "above tau the second model answers" for each threshold, from scores and correctness.

    Args:
        answers: scores ``[N]`` and ``[M]`` of clean and adversarial pictures, and where the first model
            is right, bool ``[N]`` and ``[M]``.
        second: where the second model is right on the same pictures.
        thresholds: ``[T]``, ascending; None covers all distinct policies, as in ``rejection.sweep``.

    Raises:
        ValueError: as ``rejection.sweep``; also if the second model's answers have another length.
    """
    first = sweep(answers, thresholds)
    instead = replace(answers, before=second.before, after=second.after)
    # The second model's answers where it is not asked.
    accepted = sweep(instead, first.thresholds)
    right, wrong = (x.double().mean().cpu() for x in (second.before, ~second.after))
    return Fallback(first, right - accepted.clean_accuracy, wrong - accepted.harm)
