"""What a model answers with: logits, probabilities or hard labels, and how the last two are read.

A model that ends in softmax gives rows in [0, 1] that sum to 1. Taken for logits they have margins of
at most 1 and hardly a slope; their logarithms are logits of the same answer. One-hot rows are hard
labels: they have neither a slope nor a score to follow, and no logarithm would give them one.
"""

import math

import torch
from torch import Tensor

from robust_core.contract import HALF, usable

LOGITS = "logits"
PROBABILITIES = "probabilities"
LABELS = "labels"

FLOOR = torch.finfo(torch.float32).tiny
"""The least probability with a logarithm, 1.2e-38: float32's least normal number. Below, the slope of the
logarithm overflows. Two classes are at most 87.3 apart."""
DEPTH = -math.log(FLOOR)

NOTICES = {
    PROBABILITIES: (
        "The model answers with probabilities: attacks work on their logarithms, no lower than "
        f"log({FLOOR:.1e}) = {-DEPTH:.1f}."
    ),
    LABELS: (
        "The model answers with hard labels, one-hot rows: there is no gradient and no score to follow."
    ),
}


def notices(answers: str) -> tuple[str, ...]:
    """What should be said of an attack on a model with answers of that kind; nothing for logits."""
    return (NOTICES[answers],) if answers in NOTICES else ()


def distributions(answers: Tensor) -> Tensor:
    """Which rows are in [0, 1] and sum to 1, up to rounding, bool ``[N]``."""
    off = 1e-2 if answers.dtype in HALF else 1e-4
    low, high = answers.aminmax(dim=1)
    return (low >= 0) & (high <= 1 + off) & ((answers.float().sum(1) - 1).abs() <= off)


def kind(answers: Tensor) -> str:
    """``LOGITS``, ``PROBABILITIES`` or ``LABELS``, by all rows ``[N, K]`` together."""
    low, high = (bound.item() for bound in answers.aminmax())
    if low < 0 or high > 1 + 1e-2:  # nearly always, and quicker to see
        return LOGITS
    if not distributions(answers).all():
        return LOGITS
    hard = (answers == 1).any(1) & ((answers != 0).sum(1) == 1)
    return LABELS if hard.all() else PROBABILITIES


def logarithms(probabilities: Tensor) -> Tensor:
    """Logits of probabilities ``[N, K]``: their logarithms, no lower than that of ``FLOOR``."""
    return probabilities.clamp_min(FLOOR).log()


def as_logits(answers: Tensor) -> Tensor:
    """Logits ``[N, K]`` of answers of any kind, each row judged alone; ``answers`` itself where all are.

    For those who ask once. ``Reading`` is for those who go on asking.
    """
    answers = usable(answers) if answers.is_floating_point() else answers
    rows = distributions(answers)
    if not rows.any():
        return answers
    return torch.where(rows.unsqueeze(1), logarithms(answers), answers)


class Reading:
    """How the answers of one model are read throughout a run: decided by its first answer.

    One-hot rows may be a softmax that has saturated. So the decision for hard labels is taken back once the
    model gives anything softer; its one-hot rows were read as that softmax would have been.
    """

    def __init__(self) -> None:
        self.kind: str | None = None

    def __call__(self, answers: Tensor) -> Tensor:
        """Answers ``[N, K]`` as logits, in float32 or better."""
        if self.kind is None:
            self.kind = kind(answers.detach())
        elif self.kind == LABELS and kind(answers.detach()) == PROBABILITIES:
            self.kind = PROBABILITIES
        answers = usable(answers)
        if self.kind == PROBABILITIES:
            return logarithms(answers)
        if self.kind == LABELS:  # not the logarithm, which would cut a straight-through slope
            return (answers - 1) * DEPTH
        return answers
