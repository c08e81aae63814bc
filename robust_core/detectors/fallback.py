"""Falling back on a second model: it answers, in place of the first, what the detector flags.

Beside the reject option, where nobody answers (see ``rejection``). Source of the idea: Metzen et al.
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

    They are the pictures of the ``Answers`` that it goes with, in the same order, flagged or not.
    """

    before: Tensor
    after: Tensor


@dataclass(frozen=True)
class Fallback:
    """Shares in [0, 1] for each threshold, float64 ``[T]`` each; every picture is answered.

    Right and wrong add up to 1 for either kind: ``clean_accuracy`` and the rest, ``robust_accuracy``
    and ``harm``. Unlike that of ``Rejection``, the harm may rise as the threshold falls.
    """

    first: Rejection
    """What the first model answers, at the same thresholds."""
    second_right: Tensor
    """P(flagged, and the second model is right | clean)."""
    second_wrong: Tensor
    """P(flagged, and the second model is wrong | adversarial)."""

    @property
    def thresholds(self) -> Tensor:
        """With minus infinity the second model answers alone, with infinity the first."""
        return self.first.thresholds

    @property
    def clean_accuracy(self) -> Tensor:
        """P(right | clean), whichever answers."""
        return self.first.clean_accuracy + self.second_right

    @property
    def harm(self) -> Tensor:
        """P(wrong | adversarial), whichever answers."""
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

        Wrong answers cost what they cost of the first model; passing a picture on costs nothing, so
        ``costs.false_alarm`` and ``costs.caught`` play no part.
        """
        return mix(costs.wrong * (1 - self.clean_accuracy), costs.harm * self.harm, share)

    def best(self, costs: Costs, share: float) -> int:
        """The place of the threshold of least mean cost; of equal ones that which flags least."""
        return cheapest(self.cost(costs, share))

    def at(self, place: int) -> dict[str, float]:
        """All figures of one threshold, as numbers, under the names of ``Rejection.at``.

        Accepted is what the first model answers; ``false_rejections`` are clean pictures passed on.
        """
        names = ("clean_accuracy", "harm", "robust_accuracy")
        return self.first.at(place) | {name: getattr(self, name)[place].item() for name in names}


def fallback(answers: Answers, second: Second, thresholds: Tensor | None = None) -> Fallback:
    """The policy "above tau the second model answers" for each threshold, from scores and correctness.

    Args:
        answers: scores ``[N]`` and ``[M]`` of clean and adversarial pictures, and where the first model
            is right, bool ``[N]`` and ``[M]``.
        second: where the second model is right on the same pictures.
        thresholds: ``[T]``, ascending; None takes all policies that differ, as ``rejection.sweep``.

    Raises:
        ValueError: as ``rejection.sweep``, also for answers of the second model of another length.
    """
    first = sweep(answers, thresholds)
    instead = replace(answers, before=second.before, after=second.after)
    # What the second model would have said where it is not asked.
    accepted = sweep(instead, first.thresholds)
    right, wrong = (x.double().mean().cpu() for x in (second.before, ~second.after))
    return Fallback(first, right - accepted.clean_accuracy, wrong - accepted.harm)
