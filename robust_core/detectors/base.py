"""Detector: scores how likely a picture is adversarial; Frozen: what the project's detectors share."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ClassVar, Protocol, Self, TypeVar, cast

import torch
from torch import Tensor, nn

from robust_core.classifier import Classifier, Provenance
from robust_core.modes import evaluating


class Detector(Protocol):
    """What pages, commands and tables need from an adversary detector of any kind.

    Pictures are ``[N, C, H, W]`` in [0, 1], of the classifier's own size.
    """

    name: str
    threshold: float
    """The score in [0, 1] above which a picture is flagged."""
    classifier: Classifier
    """The classifier that it protects."""
    provenance: Provenance

    @property
    def device(self) -> torch.device: ...

    def logit(self, images: Tensor) -> Tensor:
        """Log-odds of "adversarial" ``[N]``, with a gradient that an attack can follow."""
        ...

    def both(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The classifier's logits ``[N, K]`` and ``logit`` ``[N]``, in one pass where possible."""
        ...

    def score(self, images: Tensor) -> Tensor:
        """How likely each picture is adversarial, ``[N]`` in [0, 1], without a graph."""
        ...

    def flags(self, images: Tensor) -> Tensor:
        """Which pictures are flagged, bool ``[N]``: those whose score is above ``threshold``."""
        ...


Ask = TypeVar("Ask", bound=Callable)


def in_eval_mode(ask: Ask) -> Ask:
    """A method during which the detector and its classifier are in eval mode."""

    @wraps(ask)
    def asked(self: nn.Module, *given: Any) -> Any:
        with evaluating(self):
            return ask(self, *given)

    return cast(Ask, asked)


class Frozen(nn.Module):
    """Base of the project's detectors: parts that read a classifier, frozen in eval mode.

    The classifier is left as it is, its modes and gradients included, and is in eval mode while it is
    asked. ``train()`` does nothing here, as it would let batch normalisation drift. Subclasses add their
    parts, call ``freeze`` at the end of ``__init__``, and define ``both``, ``score`` and, where it is
    cheaper alone, ``logit``, the first and the last ``in_eval_mode``.

    Raises ``ValueError`` for a threshold that is not in [0, 1].
    """

    METHOD: ClassVar[str]
    """The ``method`` of its entries in the index."""

    def __init__(self, classifier: Classifier, *, name: str, threshold: float) -> None:
        super().__init__()
        if not 0 <= threshold <= 1:
            raise ValueError(f"threshold must be a score from 0 to 1; got {threshold!r}")
        self.classifier = classifier
        self.name = name
        self.threshold = float(threshold)
        self.provenance = Provenance(data="unknown")  # the zoo fills it in

    @classmethod
    def from_entry(cls, classifier: Classifier, tensors: dict[str, Tensor], entry: dict) -> Self:
        """The detector that ``entry`` of the index describes, on the device of ``classifier``.

        ``tensors`` is the content of its file. Raises ``KeyError`` or ``ValueError`` for an entry with a
        missing or invalid value, ``RuntimeError`` where the tensors do not fit the classifier.
        """
        raise NotImplementedError

    def freeze(self) -> None:
        """Freeze the detector's own parts."""
        self.training = False
        for part in self.children():
            if part is not self.classifier:
                part.train(False).requires_grad_(False)

    def train(self, mode: bool = True) -> Self:
        """Does nothing: a detector stays in eval mode."""
        return self

    @property
    def device(self) -> torch.device:
        return self.classifier.device

    @contextmanager
    def asked_about(self, images: Tensor) -> Iterator[None]:
        """Eval mode inside; ``ValueError`` for pictures of another size than the classifier's."""
        self.classifier.check_pictures(images)
        with evaluating(self):
            yield

    def both(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The classifier's logits ``[N, K]`` and the detector's ``[N]``, in one pass of the trunk."""
        raise NotImplementedError

    def logit(self, images: Tensor) -> Tensor:
        """Log-odds of "adversarial" for pictures ``[N, C, H, W]`` in [0, 1]: ``[N]``, differentiable."""
        return self.both(images)[1]

    def forward(self, images: Tensor) -> Tensor:
        return self.logit(images)

    @torch.no_grad()
    def score(self, images: Tensor) -> Tensor:
        """The sigmoid of ``logit``: ``[N]`` in [0, 1], without a graph."""
        with self.asked_about(images):
            return self.logit(images).sigmoid()

    def flags(self, images: Tensor) -> Tensor:
        """Which pictures are flagged, bool ``[N]``: those whose score is above ``threshold``."""
        return self.score(images) > self.threshold


def calibrate(scores_clean: Tensor, false_positive_rate: float) -> float:
    """The lowest threshold that flags at most this share of clean pictures.

    The empirical quantile of ``1 - false_positive_rate``, without interpolation: with k the integer part
    of ``false_positive_rate * N``, the (k+1)-th largest of the scores ``[N]``. Exactly k scores are
    above it if all differ, fewer if there are ties.

    Raises ``ValueError`` for no scores, NaN scores, or a rate outside [0, 1).
    """
    if scores_clean.ndim != 1 or not len(scores_clean) or scores_clean.isnan().any():
        raise ValueError(
            "scores_clean must be numbers of at least one clean picture, [N]; got shape "
            f"{list(scores_clean.shape)}" + (" with NaN" if scores_clean.isnan().any() else "")
        )
    if not 0 <= false_positive_rate < 1:
        raise ValueError(
            f"false_positive_rate must be from 0 to below 1; got {false_positive_rate!r}"
        )
    # The last term: 0.29 * 100 is 28.999... in floating point.
    above = math.floor(false_positive_rate * len(scores_clean) + 1e-9)
    return scores_clean.sort(descending=True).values[above].item()
