"""The reject option: what is gained and lost where a detector may reject a picture.

The classifier does not answer a picture whose score is above the threshold tau: somebody else decides,
or nothing happens. Source of the idea: Metzen et al. (2017), section 5; of the trade-off between errors
and rejections: Chow (1970), "On optimum recognition error and reject tradeoff".
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.detectors.measure import Answers


@dataclass(frozen=True)
class Costs:
    """What each outcome costs, in any unit, at least 0; a right answer costs nothing.

    ``wrong`` is an accepted wrong answer to a clean picture, ``harm`` one to an adversarial picture;
    ``false_alarm`` is a rejected clean picture, whatever the classifier would have said, ``caught`` a
    rejected adversarial one. Raises ``ValueError`` for a negative or infinite cost.
    """

    wrong: float = 1.0
    harm: float = 1.0
    false_alarm: float = 0.2
    caught: float = 0.2

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not (math.isfinite(value) and value >= 0):
                raise ValueError(f"{name} must be a cost of at least 0; got {value!r}")


@dataclass(frozen=True)
class Rejection:
    """Shares in [0, 1] for each threshold, float64 ``[T]`` each; the thresholds ascend.

    All shares are of all N clean or all M adversarial pictures. Accepted and right, accepted and wrong,
    and rejected add up to 1 for each kind.
    """

    thresholds: Tensor
    """Of the score; at minus infinity everything is rejected, at infinity nothing."""
    accepted_clean: Tensor
    accepted_adversarial: Tensor
    clean_accuracy: Tensor
    """P(right and accepted | clean)."""
    harm: Tensor
    """P(wrong and accepted | adversarial): what the policy should prevent."""

    @property
    def false_rejections(self) -> Tensor:
        """P(rejected | clean)."""
        return 1 - self.accepted_clean

    @property
    def robust_accuracy(self) -> Tensor:
        """Of the system: P(right or rejected | adversarial)."""
        return 1 - self.harm

    def coverage(self, share: float) -> Tensor:
        """P(accepted) where a ``share`` in [0, 1] of the pictures is adversarial."""
        return mix(self.accepted_clean, self.accepted_adversarial, share)

    def cost(self, costs: Costs, share: float) -> Tensor:
        """The mean cost of a picture where a ``share`` in [0, 1] of them is adversarial."""
        wrong = self.accepted_clean - self.clean_accuracy
        clean = costs.wrong * wrong + costs.false_alarm * self.false_rejections
        adversarial = costs.harm * self.harm + costs.caught * (1 - self.accepted_adversarial)
        return mix(clean, adversarial, share)

    def best(self, costs: Costs, share: float) -> int:
        """Index of the threshold of least mean cost; among equal ones, of the one that rejects least."""
        return cheapest(self.cost(costs, share))

    def at(self, place: int) -> dict[str, float]:
        """All figures of one threshold, as numbers."""
        accepted = ("accepted_clean", "accepted_adversarial", "false_rejections", "clean_accuracy")
        names = ("thresholds", *accepted, "harm", "robust_accuracy")
        figures = {name: getattr(self, name)[place].item() for name in names}
        return {"threshold": figures.pop("thresholds"), **figures}


def sweep(answers: Answers, thresholds: Tensor | None = None) -> Rejection:
    """The policy "reject above tau" for each threshold, from scores and correctness alone.

    All adversarial pictures count, including those that did not fool the classifier. What the detector
    flags is rejected: scores above tau, not equal to it.

    Args:
        answers: scores ``[N]`` and ``[M]`` of clean and adversarial pictures, and where the classifier is
            right, bool ``[N]`` and ``[M]``.
        thresholds: ``[T]``, ascending; None takes minus infinity, each score that occurs, and infinity,
            which covers all distinct policies.

    Raises:
        ValueError: no pictures, NaN scores, different lengths, or thresholds that do not ascend.
    """
    kinds = {
        "clean": (answers.genuine, answers.before),
        "adversarial": (answers.adversarial, answers.after),
    }
    for name, (scores, right) in kinds.items():
        _check(name, scores, right)
    if thresholds is None:
        every = torch.cat([answers.genuine, answers.adversarial]).double().unique()
        end = torch.tensor([math.inf], dtype=torch.float64, device="cpu")
        thresholds = torch.cat([-end, every.cpu(), end])
    thresholds = torch.as_tensor(thresholds, dtype=torch.float64, device="cpu")
    if thresholds.ndim != 1 or not len(thresholds) or not (thresholds.diff() >= 0).all():
        raise ValueError("thresholds must be [T] numbers in ascending order")
    clean, right, _ = _accepted(*kinds["clean"], thresholds)
    adversarial, _, harm = _accepted(*kinds["adversarial"], thresholds)
    return Rejection(thresholds, clean, adversarial, right, harm)


def at_threshold(answers: Answers, threshold: float) -> dict[str, float]:
    """All figures of one policy, for instance that of a detector's calibrated threshold."""
    return sweep(answers, torch.tensor([threshold], dtype=torch.float64, device="cpu")).at(0)


def cheapest(cost: Tensor) -> int:
    """Index of the least of ``[T]`` costs; among equal ones the last, which rejects least."""
    # Sums of the same shares in another order differ by rounding.
    return int((cost <= cost.min() + 1e-12).nonzero()[-1])


def mix(clean: Tensor, adversarial: Tensor, share: float) -> Tensor:
    """The mean where a ``share`` of the pictures is adversarial. Raises ``ValueError`` outside [0, 1]."""
    if not 0 <= share <= 1:
        raise ValueError(
            f"share must be the share of adversarial pictures, from 0 to 1; got {share!r}"
        )
    return clean * (1 - share) + adversarial * share


def _accepted(scores: Tensor, right: Tensor, thresholds: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Shares of pictures for each threshold: accepted, of these the right ones, and the wrong ones."""
    scores, order = scores.double().cpu().sort()
    up_to = torch.searchsorted(scores, thresholds, right=True)  # how many are not above
    hits = torch.cat(
        [torch.zeros(1, dtype=torch.int64, device="cpu"), right.cpu()[order].long().cumsum(0)]
    )
    counts = (up_to, hits[up_to], up_to - hits[up_to])
    accepted, right, wrong = (count.double() / len(scores) for count in counts)
    return accepted, right, wrong


def _check(name: str, scores: Tensor, right: Tensor) -> None:
    if scores.ndim != 1 or scores.shape != right.shape or not len(scores):
        raise ValueError(
            f"{name} scores and answers must be [N] of the same length, at least 1; got "
            f"{list(scores.shape)} and {list(right.shape)}"
        )
    if scores.isnan().any():
        raise ValueError(f"{name} scores must be numbers; got NaN")
