"""The iterates of an attack that the scrubber shows: which are kept, and what the model says there."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.classifier import Classifier, Guess, at_once
from robust_core.data.fitting import as_saved, to_pixels
from robust_core.distances import l2, linf
from robust_core.engine import in_batches
from robust_core.modes import evaluating
from robust_core.probabilities import as_logits
from robust_core.progress import Progress

MAX_FRAMES = 41
"""Most iterates of an attack kept for the scrubber, evenly spread, besides the last."""
AT_ONCE = 2**20
"""Values in one batch: all frames of 32 x 32, or six of 224 x 224 (77 MB after VGG's first layer)."""
Kept = tuple[int, Tensor, float | None]
"""An iterate with its step and its loss."""


@dataclass(frozen=True)
class Frame:
    """An iterate of an attack: its step, its picture and the confidences there."""

    step: int
    pixels: Tensor
    """uint8 ``[H, W, C]``, the iterate rounded to 8 bits as the result is."""
    loss: float | None
    """Loss of the class to leave, or of the target; None for a returned picture that is not an iterate."""
    confidences: dict[int, float]
    """Confidence in the label, in the class attacked or aimed at, and in the winner at the end.

    With an eps they are about the rounded iterate, else about the exact one, as in ``Experiment``.
    """
    answer: Guess
    """The class that the model says there."""
    linf: float
    l2: float
    """How far the iterate is from the clean picture, likewise."""
    moved: float | None
    """L2 length of the exact step to it; None for the first, and where the one before was not kept."""


@torch.inference_mode()
def logits_of(model: torch.nn.Module, images: Tensor) -> Tensor:
    """float64 ``[N, K]`` on the CPU, by the model in eval mode, ``AT_ONCE`` values at a time."""
    batch = at_once(model, max(1, AT_ONCE // images[0].numel()))
    with evaluating(model):
        return in_batches(lambda part: as_logits(model(part)).cpu().double(), images, batch)


def guess(model: Classifier, probabilities: Tensor, index: int) -> Guess:
    """The class ``index`` and its share of ``probabilities`` ``[1, K]``."""
    return Guess(index, model.class_names[index], probabilities[0, index].item())


class Recorder:
    """Observer that keeps at most ``MAX_FRAMES`` iterates and the newest, and reports progress.

    It keeps all at first, then every second, every fourth, ...: the number of iterates is known only
    when the attack ends.
    """

    def __init__(self, total: int, progress: Progress | None, keep: bool) -> None:
        self.total, self.progress, self.keep = total, progress, keep
        self.count, self.stride = 0, 1
        self.kept: list[tuple[int, Tensor, float]] = []

    def __call__(self, images: Tensor, loss: Tensor) -> None:
        if self.keep:
            if self.kept and self.kept[-1][0] % self.stride:
                self.kept.pop()  # it was kept only as the newest
            if len(self.kept) == MAX_FRAMES:
                self.stride *= 2
                self.kept = [entry for entry in self.kept if entry[0] % self.stride == 0]
            self.kept.append((self.count, images.cpu(), loss[0].item()))
        self.count += 1
        if self.progress is not None:
            self.progress(self.count, self.total)

    def frames(
        self,
        model: Classifier,
        clean: Tensor,
        result: Tensor,
        classes: set[int],
        sign: int,
        rounding: bool,
    ) -> tuple[Frame, ...]:
        """The iterates kept, and ``result`` at the end unless it is the last of them."""
        if not self.kept:
            return ()
        kept: list[Kept] = [(step, images, sign * loss) for step, images, loss in self.kept]
        if not torch.equal(kept[-1][1], result):
            kept.append((self.count, result, None))
        pictures = torch.cat([images for _, images, _ in kept])
        if rounding:  # as the result: what is shown is what is judged
            pictures = as_saved(pictures, clean.expand_as(pictures))
        probabilities = logits_of(model, pictures.to(model.device)).softmax(1)
        rounded = torch.from_numpy(to_pixels(pictures))
        said = probabilities.argmax(1).tolist()
        return tuple(
            Frame(
                step,
                rounded[i],
                loss,
                {c: probabilities[i, c].item() for c in sorted(classes)},
                guess(model, probabilities[i : i + 1], said[i]),
                linf(pictures[i : i + 1], clean).item(),
                l2(pictures[i : i + 1], clean).item(),
                _step(kept[i - 1], kept[i]) if i else None,
            )
            for i, (step, _, loss) in enumerate(kept)
        )


def _step(before: Kept, after: Kept) -> float | None:
    """The L2 distance of two iterates that follow each other; None where they do not."""
    if after[2] is None or after[0] != before[0] + 1:
        return None
    return l2(after[1], before[1]).item()
