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
from robust_core.verification import LayerBounds, Solved, Verification
from robust_core.verification.checks import CROWN, IBP, MILP, OPTIMISED
from robust_core.verification.crown import Pulse
from robust_core.verification.models import asked

STEPS, RESTARTS = 100, 10
"""Of the attack that the solver is compared with: stronger than anybody's default."""
MOST_CLASSES = 20
"""That attacks are sent towards."""
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
        """The classes that may be nearest, by the best bounds: what attacks were sent towards."""
        return nearest(self.lower, self.label)


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
    done = 0

    def beat(*_: object) -> None:
        if progress is not None:
            progress(done, 4)

    def bounded(method: str, shown: str) -> Verification:
        keep = keeping(layers, shown)
        return verification.verify(
            model, image, label, eps, method, attack=False, progress=beat, layers=keep
        )

    layers: dict[str, list[LayerBounds]] = {}
    bounded(IBP, IBP)
    done = 1
    record = bounded(OPTIMISED, CROWN)
    done = 2
    own = int(label)
    lower = {method: record.chain[method][0] for method in BOUNDS}
    reached = towards(model, image, label, eps, nearest(lower, own), beat)
    done = 3
    picture, margin = attacked(
        model, image, label, eps, PGD, pulse=beat, steps=STEPS, restarts=RESTARTS
    )
    logits = asked(model, image)[0]
    return Sandwich(
        eps=eps,
        classes=tuple(model.class_names),
        label=own,
        clean=(logits[own] - logits).cpu(),
        lower=lower,
        reached=reached,
        layers=layers,
        unstable={m: sum(int(each.unstable) for each in layers[m]) for m in layers},
        neurons=sum(each.clean[0].numel() for each in layers[IBP]),
        pgd=Found(picture, margin, answer_of(model, picture)),
    )


def nearest(lower: dict[str, Tensor], label: int) -> list[int]:
    """The ``MOST_CLASSES`` classes whose margin may be least, by the best of bounds ``[K]``, in order."""
    best = torch.stack(list(lower.values())).amax(0)
    others = [k for k in best.argsort().tolist() if k != label]
    return sorted(others[:MOST_CLASSES])


def keeping(
    layers: dict[str, list[LayerBounds]], method: str
) -> Callable[[list[LayerBounds]], None]:
    """Keeps a picture's layers under the name of a method."""

    def keep(found: list[LayerBounds]) -> None:
        layers[method] = found

    return keep


def towards(
    model: Classifier, image: Tensor, label: Tensor, eps: float, rivals: list[int], pulse: Pulse
) -> Tensor:
    """The least margin against each class ``[K]`` that PGD saw on its ways towards each of ``rivals``."""
    own = int(label)
    targets = torch.tensor(rivals, dtype=torch.int64, device=label.device)
    pgd = attacks.create(PGD, eps=eps, steps=40, loss="margin")
    ends = pgd(
        model,
        image.expand(len(targets), -1, -1, -1),
        targets,
        targeted=True,
        observer=lambda *_: pulse(),
    )
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
