"""What an attacker with gradients reaches on the same picture: the mark that queries are measured by."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core import attacks
from robust_core.attacks import Attack
from robust_core.classifier import Classifier
from robust_core.data.fitting import to_tensor
from robust_core.distances import l2, linf
from robust_core.experiment.queried import usable_logits
from robust_core.goals import Goal, Untargeted
from robust_core.progress import Progress

SMALL = 2**14
"""Values of a picture up to which the mark in L2 is CW's, whose many passes take seconds there."""
CW_STEPS = 60
CW_SEARCHES = 3
"""In all 180 steps; on four sample pictures no more than 3 % farther than 2,700 of them."""


@dataclass(frozen=True)
class Mark:
    """A white-box attack and what it reached: a distance or, within ``eps``, a margin in logits.

    ``value`` is None where no change was found that reaches the goal. ``passes`` are forward and backward
    passes.
    """

    attack: Attack
    value: float | None
    passes: tuple[int, int]


def by_margin(norm: str, eps: float) -> Attack:
    """The white-box attack for the best margin within ``eps`` in a norm."""
    name = "pgd-l2" if norm == "l2" else "pgd"
    return attacks.create(name, eps=eps, loss="margin")


def by_distance(norm: str, values: int) -> Attack:
    """The white-box attack for the nearest picture in a norm; ``values``: of a picture."""
    if norm == "linf":
        return attacks.create("deepfool-linf")
    if values <= SMALL:
        return attacks.create("cw-l2", steps=CW_STEPS, search_steps=CW_SEARCHES)
    return attacks.create("deepfool")


def mark(
    model: Classifier,
    pixels,
    attack: Attack,
    *,
    label: int | None = None,
    goal: Goal | None = None,
    progress: Progress | None = None,
) -> Mark:
    """Run ``attack`` on one picture, uint8 ``[h, w, c]``, and measure what it reached.

    ``label`` is its class (None: what the model says), ``goal`` what is wanted (None: any other class).
    """
    goal = goal or Untargeted()
    clean = to_tensor(pixels).to(model.device)
    model.check_pictures(clean)
    with torch.no_grad():
        before = usable_logits(model(clean))
    labels = (
        before.argmax(1)
        if label is None
        else torch.tensor([label], device=model.device, dtype=torch.int64)
    )
    count = 0

    def seen(images: Tensor, loss: Tensor) -> None:
        nonlocal count
        count += 1
        if progress is not None:
            progress(count, attack.observations)

    record = attack.run(model, clean, labels, goal, observer=seen)
    passes = int(record.queries_forward[0]), int(record.queries_backward[0])
    if attack.has_eps:
        with torch.no_grad():
            logits = usable_logits(model(record.x_adv))
        return Mark(attack, goal.bind(labels, before).margin(logits)[0].item(), passes)
    far = l2 if attack.norm == "l2" else linf
    reached = bool(record.success[0])
    return Mark(attack, far(record.x_adv, clean)[0].item() if reached else None, passes)
