"""One picture seen from many sides: clean, after PGD and after EOT, under the same views.

The curve of Athalye et al. (2018): how sure the model is of the true class and of the target as the picture
is turned, comes nearer, or is lit. All pictures are judged as saved in 8 bits.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core import attacks
from robust_core.attacks import Attack
from robust_core.attacks.physical.eot import EOTOver
from robust_core.attacks.physical.photo import ranks_under
from robust_core.attacks.physical.transformation import (
    VIEWS,
    Transformation,
    generator_of,
    rotated,
)
from robust_core.classifier import Classifier
from robust_core.data.fitting import as_saved, to_pixels
from robust_core.experiment.frames import logits_of
from robust_core.goals import Towards
from robust_core.natural.changes import lit, zoomed
from robust_core.progress import Progress

CLEAN, PGD, EOT = "clean", "pgd", "eot"
JUDGE = "turning"
"""Names the stream of the fresh views, from which no attack draws."""
FRESH = 50
"""Fresh random views that each picture is judged by."""


@dataclass(frozen=True)
class Sweep:
    """Views along one line: the values ``at`` which a picture is seen, and how it is seen there.

    ``views`` are random ones of the same kind, for EOT to draw from. ``reach`` says which values they have.
    """

    at: tuple[float, ...]
    see: Callable[[Tensor, float], Tensor]
    views: Transformation
    reach: tuple[float, float]


def _spread(first: float, step: float, count: int) -> tuple[float, ...]:
    return tuple(round(first + k * step, 6) for k in range(count))


ZOOM = (VIEWS.scale_low, VIEWS.scale_high)
LIGHT = 0.2
SWEEPS = {
    "rotation": Sweep(
        _spread(-45, 5, 19),
        rotated,
        Transformation(rotation=VIEWS.rotation),
        (-VIEWS.rotation, VIEWS.rotation),
    ),
    "zoom": Sweep(
        _spread(0.6, 0.1, 13),
        zoomed,
        Transformation(scale_low=ZOOM[0], scale_high=ZOOM[1]),
        ZOOM,
    ),
    "brightness": Sweep(
        _spread(-0.4, 0.05, 17), lit, Transformation(brightness=LIGHT), (-LIGHT, LIGHT)
    ),
}
"""Rotation and zoom reach as in Athalye et al. (2018); of their light, 0.05, little would be seen."""


@dataclass(frozen=True)
class Line:
    """One picture under all views of a sweep, and under the fresh ones.

    ``label`` and ``target`` are the confidences in the two classes and ``said`` the answers, one for each
    view. ``pixels`` are the views, uint8 ``[P, H, W, C]``. ``fresh`` is the share of the fresh views that
    are taken for the target, ``gradients`` what the attack spent.
    """

    attack: str
    pixels: Tensor
    label: tuple[float, ...]
    target: tuple[float, ...]
    said: tuple[int, ...]
    fresh: float
    gradients: int


@dataclass(frozen=True)
class Turned:
    """The lines of the clean picture, of PGD's and of EOT's, in this order, and how they were made."""

    label: int
    target: int
    eps: float
    steps: int
    draws: int
    lines: tuple[Line, ...]
    fresh: int = FRESH


def turn(
    model: Classifier,
    images: Tensor,
    sweep: Sweep,
    *,
    eps: float,
    steps: int = 40,
    draws: int = 16,
    label: int | None = None,
    target: int | None = None,
    views: Transformation | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Turned:
    """Attack one picture by PGD and by EOT, in Linf and with equal ``eps``, and look at all three.

    Args:
        images: one picture ``[1, C, H, W]`` in [0, 1] on the model's device.
        sweep: the views to look from.
        steps: of both attacks. EOT averages each over ``draws`` views, and takes as many times longer.
        label: the class to leave; None takes the model's own prediction.
        target: the class to reach; None takes the likeliest other one.
        views: what EOT draws from, and the fresh views; None takes those of ``sweep``.
        progress: called as ``progress(k, n)`` at each iterate; what it raises ends it.

    Raises:
        ValueError: several pictures, or a target that is the label; or as the attacks do.
    """
    if len(images) != 1:
        raise ValueError(f"images must hold one picture; got {len(images)}")
    answers = logits_of(model, images)[0]
    label = int(answers.argmax()) if label is None else label
    if target is None:
        own = torch.tensor([label], dtype=torch.int64, device="cpu")
        target = int(answers.index_fill(0, own, -torch.inf).argmax())
    if target == label:
        raise ValueError(
            f"target must be another class than the picture's own, {model.class_names[label]}"
        )
    drawn = sweep.views if views is None else views
    same: dict = {"eps": eps, "steps": steps, "seed": seed}
    made: dict[str, Attack] = {
        PGD: attacks.create("pgd", **same),
        EOT: EOTOver(over=drawn, draws=draws, **same),
    }
    pictures, spent = _attacked(model, images, label, target, made, progress)
    batch = torch.cat(list(pictures.values())).to(model.device)
    fresh = drawn.draw(FRESH, generator_of(seed, JUDGE))
    reached = ranks_under(
        model,
        batch,
        fresh,
        torch.full((len(batch),), target, dtype=torch.int64, device=batch.device),
    )
    shares = (reached == 0).double().mean(0).tolist()
    seen = torch.stack([sweep.see(batch, value).cpu() for value in sweep.at], 1)  # [3, P, C, H, W]
    lines = [
        _line(model, name, views, label, target, share, spent[name])
        for name, views, share in zip(pictures, seen, shares, strict=True)
    ]
    return Turned(label, target, eps, steps, draws, tuple(lines))


def _attacked(
    model: Classifier,
    images: Tensor,
    label: int,
    target: int,
    made: dict[str, Attack],
    progress: Progress | None,
) -> tuple[dict[str, Tensor], dict[str, int]]:
    """The clean picture and what each attack makes of it, in 8 bits; and the gradients spent."""
    clean = images.cpu()
    labels = torch.tensor([label], dtype=torch.int64, device="cpu")
    count, total = 0, sum(attack.observations for attack in made.values())

    def watch(x: Tensor, loss: Tensor) -> None:
        nonlocal count
        count = min(count + 1, total)
        if progress is not None:
            progress(count, total)

    pictures, spent = {CLEAN: clean}, {CLEAN: 0}
    for name, attack in made.items():
        record = attack.run(model, images, labels, Towards(target), observer=watch)
        pictures[name] = as_saved(record.x_adv, clean)
        spent[name] = int(record.queries_backward[0])
    return pictures, spent


def _line(
    model: Classifier,
    attack: str,
    views: Tensor,
    label: int,
    target: int,
    fresh: float,
    gradients: int,
) -> Line:
    shares = logits_of(model, views.to(model.device)).softmax(1)
    return Line(
        attack,
        torch.from_numpy(to_pixels(views)),
        tuple(shares[:, label].tolist()),
        tuple(shares[:, target].tolist()),
        tuple(shares.argmax(1).tolist()),
        fresh,
        gradients,
    )
