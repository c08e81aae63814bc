"""One row of the suite: how many answers are right, and how many stay, at each strength of a change."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.evaluation.accuracy import default_batch
from robust_core.modes import evaluating
from robust_core.natural.changes import CHANGES
from robust_core.progress import Progress


@dataclass(frozen=True)
class Row:
    """Counts over ``n`` test pictures of ``data``: ``clean`` of them right, and at each of ``strengths``

    ``right`` answered rightly, ``same`` answered as the picture without the change.
    """

    model: str
    data: str
    change: str
    strengths: tuple[float, ...]
    n: int
    clean: int
    right: tuple[int, ...]
    same: tuple[int, ...]

    @property
    def mean(self) -> float:
        """Accuracy, mean over the strengths."""
        return sum(self.right) / (self.n * len(self.right))

    @property
    def kept(self) -> float:
        """Share of answers that the change leaves, mean over the strengths: the metamorphic statement."""
        return sum(self.same) / (self.n * len(self.same))


@torch.inference_mode()
def measure(
    model: Classifier,
    data: str,
    change: str,
    images: Tensor,
    labels: Tensor,
    progress: Progress | None = None,
) -> Row:
    """Ask ``model`` about pictures ``[N, C, H, W]`` in [0, 1] with their labels ``[N]``, changed and not.

    ``progress`` is called as ``progress(k, n)`` after each batch. Raises ``ValueError`` for an unknown
    change.
    """
    kind = CHANGES.get(change)
    clean, right, same = 0, [0] * len(kind.strengths), [0] * len(kind.strengths)
    size = default_batch(images)
    batches = list(zip(images.split(size), labels.split(size), strict=True))
    with evaluating(model):
        for k, (pictures, truth) in enumerate(batches):
            x, y = pictures.to(model.device), truth.to(model.device)
            plain = model(x).argmax(1)
            clean += int((plain == y).sum())
            for i, strength in enumerate(kind.strengths):
                said = model(kind(x, strength)).argmax(1)
                right[i] += int((said == y).sum())
                same[i] += int((said == plain).sum())
            if progress is not None:
                progress(k + 1, len(batches))
    return Row(
        model.name, data, change, kind.strengths, len(labels), clean, tuple(right), tuple(same)
    )
