"""The sandwich at one radius: certified bound, exact value and attack's value of each class's margin."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import torch
from torch import Tensor

from robust_core import attacks, verification
from robust_core.classifier import Classifier
from robust_core.experiment.verified import BOUNDS, PGD, attacked
from robust_core.progress import Progress
from robust_core.verification import LayerBounds, Solved
from robust_core.verification.checks import CROWN, IBP, MILP, OPTIMISED
from robust_core.verification.models import asked

STEPS, RESTARTS = 100, 10
"""Of the attack that the solver is compared with: stronger than anybody's default."""
SECONDS = 30.0
"""For the integer programs of the picture."""


class Found(NamedTuple):
    """A picture in the ball, ``[C, H, W]``, the network's margin and answer there."""

    picture: Tensor
    margin: float
    answer: str


@dataclass(frozen=True)
class Sandwich:
    """One picture at one radius; margins of the label against each class ``[K]``, inf for the label.

    ``lower``: certified, by method. ``reached``: the least that an attack towards each class saw.
    ``layers``: bounds before each ReLU by intervals and by CROWN. ``unstable`` of ``neurons`` ReLUs are
    undecided, by method. ``pgd``: where PGD ended, untargeted, with many starts.
    """

    eps: float
    label: int
    classes: tuple[str, ...]
    clean: Tensor
    lower: dict[str, Tensor]
    reached: Tensor
    layers: dict[str, list[LayerBounds]]
    unstable: dict[str, int]
    neurons: int
    pgd: Found

    @property
    def rivals(self) -> list[int]:
        return [k for k in range(len(self.classes)) if k != self.label]


@dataclass(frozen=True)
class Exact:
    """What the programs have found: values and bounds by class, in time or not, and a counterexample."""

    solved: tuple[Solved, ...] = ()
    status: str = ""
    least: float = torch.nan
    lower: float = -torch.inf
    seconds: float = 0.0
    counterexample: Found | None = field(default=None)


def sandwich(
    model: Classifier, image: Tensor, label: Tensor, eps: float, progress: Progress | None = None
) -> Sandwich:
    """Bounds and attacks of ``image`` ``[1, C, H, W]``, ``label`` ``[1]``."""
    steps = 4

    def beat(step: int) -> None:
        if progress is not None:
            progress(step, steps)

    layers: dict[str, list[LayerBounds]] = {}
    beat(0)
    verification.verify(model, image, label, eps, IBP, attack=False, layers=keeping(layers, IBP))
    beat(1)
    record = verification.verify(
        model, image, label, eps, OPTIMISED, attack=False, layers=keeping(layers, CROWN)
    )
    beat(steps - 2)
    reached = towards_each(model, image, label, eps)
    beat(steps - 1)
    picture, margin = attacked(model, image, label, eps, PGD, steps=STEPS, restarts=RESTARTS)
    logits = asked(model, image)[0]
    own = int(label)
    return Sandwich(
        eps=eps,
        classes=tuple(model.class_names),
        label=own,
        clean=(logits[own] - logits).cpu(),
        lower={method: record.chain[method][0] for method in BOUNDS},
        reached=reached,
        layers=layers,
        unstable={m: sum(int(each.unstable) for each in layers[m]) for m in layers},
        neurons=sum(each.clean[0].numel() for each in layers[IBP]),
        pgd=Found(picture, margin, answer_of(model, picture)),
    )


def keeping(
    layers: dict[str, list[LayerBounds]], method: str
) -> Callable[[list[LayerBounds]], None]:
    """Keeps a picture's layers under the name of a method."""

    def keep(found: list[LayerBounds]) -> None:
        layers[method] = found

    return keep


def towards_each(model: Classifier, image: Tensor, label: Tensor, eps: float) -> Tensor:
    """The least margin against each class ``[K]`` that PGD saw, over its runs towards every class."""
    own = int(label)
    count = asked(model, image).shape[1]
    targets = torch.tensor(
        [k for k in range(count) if k != own], dtype=torch.int64, device=label.device
    )
    pgd = attacks.create(PGD, eps=eps, steps=40, loss="margin")
    ends = pgd(model, image.expand(len(targets), -1, -1, -1), targets, targeted=True)
    logits = asked(model, torch.cat([image, ends]))
    least = (logits[:, own, None] - logits).amin(0)
    least[own] = torch.inf
    return least


Show = Callable[[Exact], object]


def exact(
    model: Classifier,
    image: Tensor,
    label: Tensor,
    eps: float,
    progress: Progress | None,
    show: Show | None,
) -> Exact:
    """Integer programs, class by class; ``show`` gets what there is after each."""
    so_far = Exact()
    total = asked(model, image).shape[1] - 1

    def observer(_: int, one: Solved) -> None:
        nonlocal so_far
        so_far = replace(so_far, solved=(*so_far.solved, one))
        if show is not None:
            show(so_far)

    def beat(*_: object) -> None:
        if progress is not None:
            progress(len(so_far.solved), total)

    record = verification.verify(
        model,
        image,
        label,
        eps,
        MILP,
        seconds=SECONDS,
        attack=False,
        progress=beat,
        observer=observer,
    )
    example = record.counterexamples.get(0)
    found = None
    if example is not None:
        logits = asked(model, example[None])[0]
        others = logits.clone()
        others[int(label)] = -torch.inf
        margin = (logits[int(label)] - others.max()).item()
        found = Found(example, margin, answer_of(model, example))
    return Exact(
        solved=so_far.solved,
        status=record.status[0],
        least=record.exact.item(),
        lower=record.lower.item(),
        seconds=record.seconds,
        counterexample=found,
    )


def answer_of(model: Classifier, picture: Tensor) -> str:
    """What the network says of a picture ``[C, H, W]``."""
    return model.class_names[int(asked(model, picture[None])[0].argmax())]
