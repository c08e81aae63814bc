"""A road sign as it is, with a poster, and with random stickers: from one place, and from many."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from robust_core.attacks.physical.poses import Pose, cut_out, in_street
from robust_core.attacks.physical.rp2 import Poster, random_sticker
from robust_core.attacks.physical.transformation import generator_of
from robust_core.classifier import Classifier
from robust_core.data import signs
from robust_core.data.fitting import to_pixels
from robust_core.evaluation.physical import plan
from robust_core.evaluation.physical.posters import NEW, new_street
from robust_core.experiment.frames import logits_of

HEIGHT, WIDTH = 400, 640
"""Of the camera's whole picture, in pixels."""
CLEAN, POSTER, RANDOM = "clean", "poster", "random"


def variants(poster: Poster) -> dict[str, Tensor]:
    """The sign ``[1, C, h, w]`` as it is, with the poster, and with random printable colours on its area.

    The random ones are those of the suite. Where nothing is put on the sign there is only the first.
    """
    if not poster.area.any():
        return {CLEAN: poster.sign}
    random = random_sticker(poster.sign, poster.area, generator_of(1, "sticker"))
    return {CLEAN: poster.sign, POSTER: poster.changed, RANDOM: random}


@dataclass(frozen=True)
class Look:
    """One variant from one place: the whole picture and the cut-out, uint8 ``[H, W, C]``, and the answer.

    ``shares`` are the probabilities of all classes.
    """

    street: Tensor
    cut_out: Tensor
    shares: tuple[float, ...]

    @property
    def said(self) -> int:
        """The class that the network names."""
        return max(range(len(self.shares)), key=self.shares.__getitem__)


@lru_cache(maxsize=1)
def _street() -> Tensor:
    return signs.street(NEW, HEIGHT, WIDTH)


def in_scene(model: Classifier, name: str, poster: Poster, pose: Pose) -> dict[str, Look]:
    """All variants of the sign ``name`` from one place in a street, by their names.

    Raises ``ValueError`` for an unknown sign, and from so near that the sign does not fit.
    """
    _, outline = signs.draw(name, poster.sign.shape[-1])
    made = variants(poster)
    whole = [in_street(x.cpu(), outline, _street(), pose) for x in made.values()]
    cuts = torch.cat([cut_out(x, pose, model.input_size) for x in whole])
    shares = logits_of(model, cuts.to(model.device)).softmax(1).tolist()
    streets, pixels = to_pixels(torch.cat(whole)), to_pixels(cuts)
    return {
        what: Look(torch.from_numpy(streets[i]), torch.from_numpy(pixels[i]), tuple(shares[i]))
        for i, what in enumerate(made)
    }


@dataclass(frozen=True)
class Place:
    """Of the views from one place before several backdrops: how many count, and what they are taken for.

    ``right``: the clean sign is recognised; only those count. ``fooled`` and ``random`` are how many of
    them are taken for the target with the poster and with random stickers. Of the first view there are the
    picture with the poster, uint8 ``[H, W, C]``, and the classes named for it and for the clean sign.
    """

    pose: Pose
    views: int
    right: int
    fooled: int
    random: int
    pixels: Tensor
    first: tuple[int, int]
    confidence: float


def from_places(
    model: Classifier, asked: plan.PosterPlan, poster: Poster, poses: Sequence[Pose]
) -> tuple[Place, ...]:
    """A poster from each of the ``poses`` before backdrops that it was not made for; as the suite counts.

    Raises ``ValueError`` for a poster without an area, or an unknown sign.
    """
    if not poster.area.any():
        raise ValueError("poster must change some of the sign; its area is empty")
    street = new_street(asked.sign, model, poster.sign.shape[-1])
    every = [pose for pose in poses for _ in range(plan.PLACES)]
    seen = {what: street(x.to(model.device), every) for what, x in variants(poster).items()}
    shares = torch.stack([logits_of(model, x).softmax(1) for x in seen.values()])
    said = (
        shares.argmax(2).view(len(seen), len(poses), plan.PLACES).cpu()
    )  # [variant, pose, backdrop]
    label, target = (signs.get(name).gtsrb for name in (asked.sign, asked.target))
    right = said[0] == label
    reached = (said[1:] == target) & right
    sure = shares[1].max(1).values.view(len(poses), plan.PLACES)
    return tuple(
        Place(
            pose=pose,
            views=plan.PLACES,
            right=int(right[i].sum()),
            fooled=int(reached[0, i].sum()),
            random=int(reached[1, i].sum()),
            pixels=torch.from_numpy(to_pixels(seen[POSTER][i * plan.PLACES].unsqueeze(0))[0]),
            first=(int(said[0, i, 0]), int(said[1, i, 0])),
            confidence=float(sure[i, 0]),
        )
        for i, pose in enumerate(poses)
    )
