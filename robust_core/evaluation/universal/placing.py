"""Patches on held-out pictures: success over random placements, against area, over positions; controls."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core.attacks.universal.patch import inside
from robust_core.attacks.universal.patches import PatchUniversal
from robust_core.classifier import Classifier
from robust_core.evaluation.universal.fooling import Show, answers
from robust_core.modes import evaluating

PLACEMENTS = 100
"""The least number of random placements behind a figure."""
ROTATION = 20.0
"""Degrees to either side."""
AREAS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3)
Progress = Callable[[int], object]


def others(labels: Tensor, target: int) -> Tensor:
    """The pictures that are not of the target class, indices: only they count."""
    found = (labels != target).nonzero().squeeze(1)
    if not len(found):
        raise ValueError("all images are of the target class: success needs others")
    return found


def success(
    model: Classifier,
    patch: PatchUniversal,
    images: Tensor,
    labels: Tensor,
    target: int,
    *,
    scale: float | None = None,
    rotation: float = ROTATION,
    placements: int = PLACEMENTS,
    seed: int = 0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """How often the model answers ``target`` with the patch at random places, wholly within the picture.

    Every picture of another class is shown once, each with its own place and angle, and again with new ones
    until there are at least ``placements``. ``n`` counts the placements, ``before`` how many of them are on
    pictures that the model takes for the target without a patch.
    """
    if placements < 1:
        raise ValueError(f"placements must be at least 1; got {placements}")
    rows = others(labels, target)
    rows = rows.repeat(-(-placements // len(rows)))
    draw = torch.Generator().manual_seed(seed)
    turn, row, column = torch.rand(3, len(rows), generator=draw, dtype=torch.float64, device="cpu")
    size = images.shape[2], images.shape[3]
    covered = patch.scale if scale is None else scale
    zoom = torch.full_like(turn, patch.zoom(covered, size))
    place = inside(
        zoom, rotation * (2 * turn - 1), row, column, patch.side, patch.record["shape"], size
    )
    shown = answers(model, images[rows], lambda x, i: patch.paste(x, place[i]), progress)
    clean = answers(model, images[rows])
    hits = int((shown == target).sum())
    return {
        "n": len(rows),
        "pictures": len(rows.unique()),
        "area": covered,
        "hits": hits,
        "rate": hits / len(rows),
        "before": int((clean == target).sum()),
    }


def area_curve(
    model: Classifier,
    patch: PatchUniversal,
    images: Tensor,
    labels: Tensor,
    target: int,
    areas: Sequence[float] | None = None,
    **options: Any,
) -> list[dict[str, Any]]:
    """``success`` at each area (None: ``AREAS``), at the same places as far as they fit."""
    areas = AREAS if areas is None else areas
    return [success(model, patch, images, labels, target, scale=area, **options) for area in areas]


def heat_map(
    model: Classifier,
    patch: PatchUniversal,
    images: Tensor,
    labels: Tensor,
    target: int,
    *,
    cells: int = 7,
    progress: Progress | None = None,
) -> list[list[float]]:
    """Share of the pictures of other classes that become the target, by where the patch's centre is.

    Rows from top to bottom, columns from left to right; the outermost centres are those at which the
    patch still lies within the picture. At the fitted size, not turned.
    """
    rows = others(labels, target)
    chosen = images[rows]
    height, width = images.shape[2:]
    found = []
    for i in range(cells):
        line = []
        for j in range(cells):
            at = tuple(
                (patch.side / 2 + (length - patch.side) * k / max(1, cells - 1)) / length
                for k, length in ((i, height), (j, width))
            )
            shown = answers(model, chosen, _apply_at(patch, at), progress)
            line.append((shown == target).double().mean().item())
        found.append(line)
    return found


def _apply_at(patch: PatchUniversal, at: tuple[float, ...]) -> Show:
    return lambda x, _: patch.apply(x, at=at)


def noise_patch(like: PatchUniversal, seed: int = 0) -> PatchUniversal:
    """Uniform noise in place of a fitted patch, of its size and shape."""
    draw = torch.Generator().manual_seed(seed)
    pixels = torch.rand(like.delta.shape, generator=draw, dtype=torch.float32, device="cpu")
    return PatchUniversal(pixels, like.record | {"attack": "noise", "goal_parameters": {}})


@torch.inference_mode()
def object_patch(
    like: PatchUniversal, model: Classifier, images: Tensor, labels: Tensor, target: int
) -> PatchUniversal:
    """A real object in place of a patch: of the target's pictures, the one the model is surest of.

    The whole picture, made as small as the patch and cut to its shape.
    """
    rows = (labels == target).nonzero().squeeze(1)
    if not len(rows):
        raise ValueError("there is no picture of the target class to cut an object from")
    with evaluating(model):
        sure = torch.cat(
            [
                model(images[part].to(model.device)).softmax(1)[:, target].cpu()
                for part in rows.split(64)
            ]
        )
    best = images[rows[sure.argmax()]][None].float().cpu()
    small = F.interpolate(best, (like.side, like.side), mode="area").clamp(0, 1)
    return PatchUniversal(
        small, like.record | {"attack": "object", "picture": int(rows[sure.argmax()])}
    )
