"""One picture attacked, printed and photographed, stage by stage: what is left of each attack.

After Kurakin, Goodfellow, Bengio (2017): the fast, the basic iterative and the least-likely-class method,
all under the same photographs.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core import attacks
from robust_core.attacks import Attack
from robust_core.attacks.physical.photo import FRESH, ranks_under
from robust_core.attacks.physical.transformation import (
    PHOTO,
    STAGES,
    Draw,
    Transformation,
    generator_of,
)
from robust_core.classifier import Classifier, Guess
from robust_core.data.fitting import as_saved, to_pixels
from robust_core.evaluation.physical.plan import STEP, steps_of
from robust_core.experiment.frames import logits_of
from robust_core.goals import Goal, LeastLikely, Untargeted
from robust_core.progress import Progress

CLEAN, FAST, BASIC, LEAST = "clean", "fgsm", "bim", "least-likely"
PRINT = "print"
"""The stage before any of ``transformation.STAGES``: a picture in 8 bits."""


@dataclass(frozen=True)
class Print:
    """One picture, clean or attacked, float32 ``[1, C, H, W]``, in 8 bits, and the answer to it.

    ``right`` counts the photographs of it that show the true class.
    """

    attack: str
    steps: int
    picture: Tensor
    answer: Guess
    right: int


@dataclass(frozen=True)
class Photographs:
    """The clean print first, then the attacked ones: as many ``photographs`` of each, by equal ``draw``."""

    label: int
    eps: float
    prints: tuple[Print, ...]
    draw: Draw

    @property
    def photographs(self) -> int:
        return len(self.draw)

    def counts(self, attacked: Print) -> bool:
        """Whether an attack counts: the clean print is right and this one is wrong."""
        return self.prints[0].answer.index == self.label != attacked.answer.index

    def rate(self, attacked: Print) -> float | None:
        """The destruction rate over all photographs; None where the attack does not count."""
        return attacked.right / self.photographs if self.counts(attacked) else None


@dataclass(frozen=True)
class Stage:
    """A print after a stage and all before it, uint8 ``[H, W, C]``, and the answer to it."""

    name: str
    pixels: Tensor
    answer: Guess


def photograph(
    model: Classifier,
    images: Tensor,
    *,
    eps: float,
    label: int | None = None,
    camera: Transformation = PHOTO,
    photographs: int = 30,
    seed: int = 0,
    progress: Progress | None = None,
) -> Photographs:
    """Attack one picture three times, and take the same photographs of all.

    Args:
        images: one picture ``[1, C, H, W]`` in [0, 1] on the model's device.
        eps: in Linf, of all three attacks; the iterative ones take Kurakin's steps of 1/255.
        label: the true class; None takes the model's own prediction.
        camera: what lies between a print and its photographs.
        photographs: how many are taken of each, by the random numbers of ``photo.destructions``.
        progress: called as ``progress(k, n)``; what it raises ends it.

    Raises:
        ValueError: several pictures; or as the attacks do.
    """
    if len(images) != 1:
        raise ValueError(f"images must hold one picture; got {len(images)}")
    own = int(logits_of(model, images)[0].argmax()) if label is None else label
    labels = torch.tensor([own], dtype=torch.int64, device="cpu")
    steps = max(1, steps_of(eps))
    iterative = attacks.create("bim", eps=eps, steps=steps, step_size=STEP)
    made: dict[str, tuple[Attack, Goal, int]] = {
        FAST: (attacks.create("fgsm", eps=eps), Untargeted(), 1),
        BASIC: (iterative, Untargeted(), steps),
        LEAST: (iterative, LeastLikely(), steps),
    }
    clean = images.cpu()
    pictures = [as_saved(clean)]
    for k, (attack, goal, _) in enumerate(made.values()):
        if progress is not None:
            progress(k, len(made) + 1)
        pictures.append(as_saved(attack.run(model, images, labels, goal).x_adv, clean))
    if progress is not None:
        progress(len(made), len(made) + 1)
    batch = torch.cat(pictures).to(model.device)
    taken = camera.draw(photographs, generator_of(seed, FRESH))
    ranks = ranks_under(model, batch, taken, labels.expand(len(batch)).to(batch.device))
    prints = (
        Print(name, made[name][2] if name in made else 0, picture, answer, right)
        for name, picture, answer, right in zip(
            (CLEAN, *made),
            pictures,
            _answers(model, batch),
            (ranks == 0).sum(0).tolist(),
            strict=True,
        )
    )
    return Photographs(own, eps, tuple(prints), taken)


def develop(model: Classifier, found: Photographs, number: int) -> tuple[tuple[Stage, ...], ...]:
    """One photograph of each print: the print, and the stages that the camera has, one more at a time.

    Raises ``ValueError`` for a ``number`` that is none of the photographs.
    """
    if not 0 <= number < found.photographs:
        raise ValueError(f"number must be from 0 to {found.photographs - 1}; got {number}")
    one = found.draw[number : number + 1]
    names = [name for name in STAGES if one.of.has(name)]
    batch = torch.cat([each.picture for each in found.prints]).to(model.device)
    columns = []
    for count in range(len(names) + 1):
        # The numbers of a draw are those of each stage, whatever else is switched on.
        seen = Draw(one.of.only(*names[:count]), one.numbers, one.seeds)(batch)
        name = names[count - 1] if count else PRINT
        columns.append(
            [
                Stage(name, torch.from_numpy(pixels), answer)
                for pixels, answer in zip(to_pixels(seen), _answers(model, seen), strict=True)
            ]
        )
    return tuple(zip(*columns, strict=True))


def _answers(model: Classifier, images: Tensor) -> list[Guess]:
    shares, winners = logits_of(model, images).softmax(1).max(1)
    return [
        Guess(index, model.class_names[index], value)
        for index, value in zip(winners.tolist(), shares.tolist(), strict=True)
    ]
