"""What a training minimises: a small frozen dataclass of numbers with a loss."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core.classifier import Classifier


class Rows(NamedTuple):
    """``n`` rows from ``first`` on, of the ``whole`` batch: what one of several processes works on."""

    first: int
    n: int
    whole: int

    def of(self, values: Tensor) -> Tensor:
        """These rows of ``values``, which are of the whole batch."""
        return values[self.first : self.first + self.n]

    def beyond(self, start: int) -> "Rows":
        """Those of them from ``start`` on, of the whole batch's from there on."""
        first, end = (max(0, row - start) for row in (self.first, self.first + self.n))
        return Rows(first, end - first, self.whole - start)


@dataclass(frozen=True)
class Batch:
    """Pictures ``[N, C, H, W]`` in [0, 1] to train on, and what else a loss may need.

    ``labels`` are classes ``[N]``, or their probabilities ``[N, K]``. All randomness comes from
    ``generator``. ``progress`` is the share of the training that is done. ``rows`` says where the
    pictures stand in a batch that several processes share (None: they are all of it). Each then draws
    for the whole batch, so that a picture gets the same numbers however many processes there are.
    """

    images: Tensor
    labels: Tensor
    generator: torch.Generator
    progress: float = 1.0
    rows: Rows | None = None

    @property
    def place(self) -> Rows:
        """Where the pictures stand in the whole batch."""
        n = len(self.images)
        return self.rows or Rows(0, n, n)


@dataclass(frozen=True, kw_only=True)
class Objective(ABC):
    """Its fields are its hyper-parameters; ``kind`` names it in a saved recipe."""

    kind: str = field(default="", init=False)

    def begin(self, model: Classifier) -> None:  # noqa: B027
        """Change the random weights of ``model`` before the first step, where the objective needs it."""

    @abstractmethod
    def loss(self, model: Classifier, batch: Batch) -> Tensor:
        """The loss of a batch, a scalar with a gradient for the parameters of ``model``.

        For some rows of a batch: such that the mean over all processes, weighted by their numbers of
        rows, is the loss of the whole batch.

        ``model`` maps pictures ``[N, C, H, W]`` in [0, 1] to logits and keeps its mode.
        """


@dataclass(frozen=True, kw_only=True)
class Clean(Objective):
    """The mean cross-entropy of the pictures as they are."""

    kind: str = field(default="clean", init=False)

    def loss(self, model: Classifier, batch: Batch) -> Tensor:
        return F.cross_entropy(logits(model, batch.images), batch.labels)


@dataclass(frozen=True, kw_only=True)
class LabelSmoothing(Objective):
    """The mean cross-entropy with labels that are ``share`` uniform over the classes.

    Szegedy et al. (2016), section 7.
    """

    kind: str = field(default="label-smoothing", init=False)
    share: float

    def __post_init__(self) -> None:
        check("share", self.share, 0, 1)

    def loss(self, model: Classifier, batch: Batch) -> Tensor:
        return F.cross_entropy(
            logits(model, batch.images), batch.labels, label_smoothing=self.share
        )


def logits(model: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """Logits in float32 at least; float32 layers of the network are computed in bfloat16."""
    with torch.autocast(images.device.type, torch.bfloat16):
        values = model(images)
    return values.float() if values.dtype == torch.bfloat16 else values


def check(name: str, value: float, low: float, high: float = float("inf")) -> None:
    """Raise ``ValueError`` unless ``value`` is in [low, high]."""
    if not low <= value <= high:
        allowed = f"at least {low:g}" if high == float("inf") else f"from {low:g} to {high:g}"
        raise ValueError(f"{name} must be {allowed}; got {value!r}")
