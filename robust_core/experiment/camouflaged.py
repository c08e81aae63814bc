"""One picture hidden in a style: what the classifier says of the result, and what the loss is made of."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from robust_core.attacks.physical.camouflage import Camouflage
from robust_core.classifier import Classifier, Guess
from robust_core.data.fitting import as_saved, to_pixels
from robust_core.distances import linf
from robust_core.experiment.frames import logits_of
from robust_core.progress import Progress

EVERY = 5
"""Every so many steps an iterate is shown."""


class Growing(NamedTuple):
    """An iterate on the way: uint8 ``[H, W, C]``, and its loss."""

    step: int
    pixels: Tensor
    loss: float


Watch = Callable[[Growing], object]


@dataclass(frozen=True)
class Worn:
    """The result in 8 bits. Pixels are uint8 ``[H, W, C]``.

    ``worn`` is the successful iterate that looks best, or without a success the last. ``success``: it is
    taken for the ``target``, or without one for another class than the ``label``. ``alone`` is what the
    style makes of the picture without any attack, with the answer ``by_style``. ``terms`` are the parts of
    the loss at each step, weighted. ``linf`` is how far a value of ``worn`` moved.
    """

    label: int
    target: int | None
    clean: Tensor
    worn: Tensor
    alone: Tensor
    before: Guess
    after: Guess
    by_style: Guess
    success: bool
    terms: dict[str, tuple[float, ...]]
    linf: float

    @property
    def steps(self) -> int:
        return len(self.terms["style"]) - 1


def camouflage(
    model: Classifier,
    images: Tensor,
    style: Tensor,
    settings: Camouflage,
    *,
    label: int | None = None,
    target: int | None = None,
    mask: Tensor | None = None,
    progress: Progress | None = None,
    watch: Watch | None = None,
) -> Worn:
    """Run the attack on one picture and ask about the saved result.

    Args:
        images: one picture ``[1, C, H, W]`` in [0, 1] on the model's device.
        style: the picture whose style it takes, ``[1, C, h, w]`` in [0, 1].
        settings: the attack with its weights; it is run once more without its attack.
        label: the class to leave; None takes the model's own prediction.
        target: the class to reach; None: any other.
        mask: where it may change, as ``Camouflage`` takes it; None: everywhere.
        progress: called as ``progress(k, n)`` at each step; what it raises ends it.
        watch: called with an iterate now and then.

    Raises:
        ValueError: several pictures, or a target that is the label; or as ``Camouflage`` does.
    """
    if len(images) != 1:
        raise ValueError(f"images must hold one picture; got {len(images)}")
    before = _answer(model, images)
    label = before.index if label is None else label
    if target == label:
        raise ValueError(
            f"target must be another class than the picture's own, {model.class_names[label]}"
        )
    classes = torch.tensor([label if target is None else target], dtype=torch.int64, device="cpu")
    seen = _Steps(settings.steps, progress, watch)
    made, plain = (
        each(
            model,
            images,
            classes,
            style.to(images),
            targeted=target is not None,
            mask=mask,
            observer=seen,
        )
        for each in (settings, settings.changed(attack=0.0))
    )
    worn, alone = as_saved(made.x_adv), as_saved(plain.x_adv)
    after = _answer(model, worn.to(model.device))
    return Worn(
        label=label,
        target=target,
        clean=_pixels(images),
        worn=_pixels(worn),
        alone=_pixels(alone),
        before=before,
        after=after,
        by_style=_answer(model, alone.to(model.device)),
        success=after.index != label if target is None else after.index == target,
        terms={name: tuple(part[0].tolist()) for name, part in made.terms.items()},
        linf=linf(images.cpu(), worn).item(),
    )


class _Steps:
    """Observer of both runs: counts them as one, and shows iterates of the first."""

    def __init__(
        self, steps: int, progress: Progress | None, watch: Callable[[Growing], object] | None
    ) -> None:
        self.steps, self.progress, self.watch, self.count = steps, progress, watch, 0

    def __call__(self, x: Tensor, loss: Tensor) -> None:
        if self.watch is not None and self.count <= self.steps and self.count % EVERY == 0:
            self.watch(Growing(self.count, _pixels(x), float(loss)))
        self.count += 1
        if self.progress is not None:
            self.progress(self.count, 2 * (self.steps + 1))


def _pixels(images: Tensor) -> Tensor:
    return torch.from_numpy(to_pixels(images)[0])


def _answer(model: Classifier, images: Tensor) -> Guess:
    share, winner = logits_of(model, images).softmax(1)[0].max(0)
    return Guess(int(winner), model.class_names[int(winner)], share.item())
