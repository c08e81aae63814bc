"""The measurements of the suite: rows of plain values, each with all that it depends on."""

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from robust_core import attacks
from robust_core.attacks.physical.photo import adversariality, destructions
from robust_core.attacks.physical.poses import DECK_001, GRID
from robust_core.attacks.physical.rp2 import Poster, random_sticker
from robust_core.attacks.physical.transformation import (
    PRESETS,
    Transformation,
    generator_of,
    rotated,
)
from robust_core.classifier import Classifier
from robust_core.data import signs
from robust_core.evaluation.accuracy import default_batch
from robust_core.evaluation.physical import plan, posters
from robust_core.goals import LeastLikely, Untargeted
from robust_core.modes import evaluating
from robust_core.progress import Pieces


@dataclass(frozen=True)
class Subjects:
    """A model, test pictures ``[N, C, H, W]`` of a data set, their labels ``[N]``, and whom to tell."""

    model: Classifier
    data: str
    images: Tensor
    labels: Tensor
    progress: Pieces

    def of_batches(self, share: int = 1) -> "tuple[Tensor, ...]":
        """The numbers of the pictures, in batches of a ``share`` of the usual size."""
        size = max(1, default_batch(self.images) // share)
        return torch.arange(len(self.labels), device="cpu").split(size)


@dataclass(frozen=True)
class DestructionRow:
    """One attack under one transformation; ``top1`` and ``top5`` as ``photo.Destruction``."""

    model: str
    data: str
    attack: str
    eps: float
    steps: int
    transformation: str
    ranges: dict
    top1: dict
    top5: dict


@dataclass(frozen=True)
class TurnedRow:
    """Pictures turned by one ``angle`` in degrees; None: fresh random views of ``ranges``.

    Shares of the ``n`` pictures (and views) that are taken for the ``target`` and for the ``label``, and
    the mean probability of the target, which is the class after the label.
    """

    model: str
    data: str
    attack: str
    eps: float
    parameters: dict
    n: int
    angle: int | None
    ranges: dict
    draws: int
    target: float
    label: float
    probability: float | None


@dataclass(frozen=True)
class SignRow:
    """A sign from one place, before ``views`` backdrops: clean right, and of those taken for the target.

    ``printed`` counts the poster in printable colours, ``random`` stickers of random ones.
    """

    model: str
    poster: str
    sign: str
    target: str
    distance: float
    angle: float
    deck: bool
    views: int
    right: int
    fooled: int
    printed: int
    random: int
    fitted: float
    covered: float
    parameters: dict


def destruction_rows(subjects: Subjects, *, attack: str, eps: float) -> list[DestructionRow]:
    """One attack on all pictures, and every transformation of the result."""
    model, images, labels = subjects.model, subjects.images, subjects.labels
    steps = 1 if attack == "fgsm" else plan.steps_of(eps)
    if attack == "fgsm":
        made = attacks.create("fgsm", eps=eps)
    else:
        made = attacks.create("bim", eps=eps, steps=steps, step_size=plan.STEP)
    goal = LeastLikely() if attack == "least-likely" else Untargeted()
    names = list(plan.TRANSFORMATIONS)
    batches = subjects.of_batches()
    adversarial = []
    for k, rows in enumerate(batches):
        adversarial.append(
            made.run(model, images[rows].to(model.device), labels[rows], goal).x_adv.cpu()
        )
        subjects.progress("attack", k + 1, len(batches))
    moved, found = torch.cat(adversarial), []
    for k, name in enumerate(names):
        transformation = plan.TRANSFORMATIONS[name]
        one, five = destructions(
            model,
            images.to(model.device),
            moved.to(model.device),
            labels.to(model.device),
            transformation,
            draws=plan.DRAWS,
        )
        found.append(
            DestructionRow(
                model.name,
                subjects.data,
                attack,
                eps,
                steps,
                transformation=name,
                ranges=changed_ranges(transformation),
                top1=asdict(one),
                top5=asdict(five),
            )
        )
        subjects.progress("photographs", k + 1, len(names))
    return found


def rotation_rows(subjects: Subjects, *, attack: str) -> list[TurnedRow]:
    """Plain PGD, EOT over rotations, or nothing, towards the next class: how far each can be turned."""
    model, images, labels = subjects.model, subjects.images, subjects.labels
    turns = PRESETS["rotation"]
    eps = plan.TURNED_EPS[model.name]
    targets = (labels + 1) % len(model.class_names)
    steps = {"steps": plan.EOT_STEPS}
    made = {
        "pgd": attacks.create("pgd", eps=eps, **steps),
        "eot": attacks.create(
            "eot", eps=eps, transformation="rotation", draws=plan.EOT_DRAWS, **steps
        ),
    }.get(attack)
    batches = subjects.of_batches(4)
    x = images
    if made is not None:
        parts = []
        for k, rows in enumerate(batches):
            parts.append(made(model, images[rows].to(model.device), targets[rows], True).cpu())
            subjects.progress(attack, k + 1, len(batches))
        x = torch.cat(parts)
    same: dict[str, Any] = {
        "model": model.name,
        "data": subjects.data,
        "attack": attack,
        "eps": eps if made else 0.0,
        "parameters": made.parameters if made else {},
        "n": len(labels),
    }
    x, labels, targets = (t.to(model.device) for t in (x, labels, targets))
    rows_ = [_turned(model, x, labels, targets, angle, same) for angle in plan.ANGLES]
    share = partial(adversariality, model, x, transformation=turns, targeted=True, draws=plan.FRESH)
    rows_.append(
        TurnedRow(
            **same,
            angle=None,
            ranges=changed_ranges(turns),
            draws=plan.FRESH,
            target=share(targets).mean().item(),
            label=share(labels).mean().item(),
            probability=None,
        )
    )
    return rows_


@torch.no_grad()
def _turned(
    model: Classifier, x: Tensor, labels: Tensor, targets: Tensor, angle: int, same: dict
) -> TurnedRow:
    with evaluating(model):
        logits = torch.cat([model(part) for part in rotated(x, angle).split(default_batch(x))])
    said = logits.argmax(1)
    towards = logits.softmax(1).gather(1, targets.unsqueeze(1))
    return TurnedRow(
        **same,
        angle=angle,
        ranges={},
        draws=1,
        target=(said == targets).double().mean().item(),
        label=(said == labels).double().mean().item(),
        probability=towards.double().mean().item(),
    )


def sign_rows(subjects: Subjects, *, poster: plan.PosterPlan) -> list[SignRow]:
    """A poster made for random places, and seen from those of the deck and of the grid.

    The bundled one, which pages show, where it was made with these settings for these weights; else one
    is made. The signs are drawn: pictures of a data set are not used.
    """
    model, tell = subjects.model, subjects.progress
    made = posters.ready(model, poster)
    if made is None:
        made = posters.fit(model, poster, lambda stage, k, n, *_: tell(stage, k, n))
    return judged(model, poster, made)


def judged(model: Classifier, poster: plan.PosterPlan, made: Poster) -> list[SignRow]:
    """A poster from the deck's places and from the grid, beside its print and random stickers in its area.

    It was not made for any of these places and backdrops.
    """
    solid = signs.draw(poster.sign, made.sign.shape[-1])[1] > 0.99
    deck = {(pose.distance, pose.angle) for pose in DECK_001}
    random = random_sticker(made.sign, made.area, generator_of(1, "sticker"))
    found = [
        posters.judge(model, poster, made.sign, x, GRID)
        for x in (made.changed, made.as_printed, random)
    ]
    same = {"poster": poster.key, "sign": poster.sign, "target": poster.target}
    return [
        SignRow(
            model=model.name,
            **same,
            distance=pose.distance,
            angle=pose.angle,
            deck=(pose.distance, pose.angle) in deck,
            views=plan.PLACES,
            right=int(found[0].right[i].sum()),
            fooled=int(found[0].fooled[i].sum()),
            printed=int(found[1].fooled[i].sum()),
            random=int(found[2].fooled[i].sum()),
            fitted=made.fooled,
            covered=(made.area.sum().cpu() / solid.sum()).item(),
            parameters=plan.METHOD.parameters,
        )
        for i, pose in enumerate(GRID)
    ]


def changed_ranges(transformation: Transformation) -> dict[str, float]:
    """The fields of a transformation that are not neutral."""
    neutral = Transformation().parameters
    return {k: v for k, v in transformation.parameters.items() if v != neutral[k]}
