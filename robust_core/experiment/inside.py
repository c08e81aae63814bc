"""Why a network was fooled: an attacked picture seen from the inside, beside noise of the same size.

Three views: how far each layer moves, where the network looks, and how the last features cross over.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core import filters
from robust_core.classifier import Classifier, Guess
from robust_core.data.fitting import to_tensor
from robust_core.distances import l2, linf
from robust_core.experiment.at_hand import AtHand
from robust_core.experiment.frames import guess, logits_of
from robust_core.experiment.perform import Experiment
from robust_core.inside import ClassMaps, grad_cam, last_features, plane, relative_changes
from robust_core.inside.changes import PICTURE
from robust_core.progress import Progress, part

DRAWS = 4
"""Random pictures whose mean is drawn."""
WINDOW = 3
"""Width of the median filter."""
STRAIGHT = 10
"""Steps of the straight line to the adversarial picture, where an attack has none of its own."""
RARE = 3
"""A map is fitted on two classes where there are so many pictures of each."""
CLEAN, RESULT = "clean", "the result"
"""What the first and the last step are called."""


@dataclass(frozen=True)
class Curve:
    """How far every layer moves when the clean picture becomes another one.

    ``values`` has a relative change for each layer. ``l2`` and ``linf`` say how far that picture is in
    pixels, ``said`` what the network says of it; of several pictures all are means, and ``said`` has all.
    """

    values: tuple[float, ...]
    l2: float
    linf: float
    said: tuple[Guess, ...]


@dataclass(frozen=True)
class Depth:
    """The three curves over the ``layers``, whose modules are of ``kinds``; the picture is the first.

    ``detectors`` has the place of the layer behind each attachment point of a detector.
    """

    layers: tuple[str, ...]
    kinds: tuple[str, ...]
    adversarial: Curve
    noise: Curve
    filtered: Curve
    detectors: dict[str, int]


def same_size_noise(
    clean: Tensor, adversarial: Tensor, draws: int, seed: int = 0, mask: Tensor | None = None
) -> Tensor:
    """The change of a picture ``[1, C, H, W]``, dealt out again to random values with random signs.

    ``[draws, C, H, W]``, each exactly as far away in L1, L2 and Linf as ``adversarial``, but for values
    that cannot move as far either way: these stop at 0 or 1. With a ``mask`` (bool ``[1, 1, H, W]``), only
    values within it are dealt to.
    """
    free = torch.ones_like(clean, dtype=torch.bool) if mask is None else mask.expand_as(clean)
    start = clean[free]
    size = (adversarial - clean)[free].abs()
    generator = torch.Generator().manual_seed(seed)
    found = clean.repeat(draws, 1, 1, 1)
    for picture in found:
        dealt = size[torch.randperm(len(size), generator=generator, device="cpu")]
        coins = torch.randint(0, 2, dealt.shape, generator=generator, device="cpu") * 2 - 1
        up, down = start + dealt <= 1, start - dealt >= 0
        sign = torch.where(up & down, coins, torch.where(up, 1, -1))
        picture[free[0]] = (start + sign * dealt).clamp(0, 1)
    return found


def depth(
    model: Classifier,
    experiment: Experiment,
    points: tuple[str, ...] = (),
    progress: Progress | None = None,
) -> Depth:
    """The curves of an experiment's picture: attacked, with noise of the same size, and filtered.

    ``points`` are attachment points of detectors, which are looked for among the layers. Raises
    ``ValueError`` for a model without layers.
    """
    clean = experiment.clean
    noise = same_size_noise(clean, experiment.shown, DRAWS, mask=experiment.mask)
    others = torch.cat([experiment.shown, noise, filters.median(clean, WINDOW)])
    found = relative_changes(model, clean, others, progress)
    probabilities = logits_of(model, others.to(model.device)).softmax(1)
    said = tuple(
        guess(model, row[None], top)
        for row, top in zip(probabilities, probabilities.argmax(1).tolist(), strict=True)
    )
    same = clean.expand_as(others)
    lengths, largest = l2(others, same), linf(others, same)

    def curve(rows: slice) -> Curve:
        values = found.values[rows].mean(0).tolist()
        far, most = (each[rows].mean().item() for each in (lengths, largest))
        return Curve(tuple(values), far, most, said[rows])

    return Depth(
        found.layers,
        found.kinds,
        adversarial=curve(slice(0, 1)),
        noise=curve(slice(1, 1 + DRAWS)),
        filtered=curve(slice(1 + DRAWS, None)),
        detectors={
            point: 0 if module == PICTURE else found.last_of(module)
            for point in points
            if (module := module_of(model, point))
        },
    )


def module_of(model: Classifier, point: str) -> str | None:
    """The module behind which an attachment point lies, by its name; None where there is no such point."""
    points = getattr(model.network, "attachment_points", ())
    if point not in points:
        return None
    place = points.index(point)
    if place == 0:
        return PICTURE
    part_ = model.network.parts()[place - 1]
    return next(name for name, module in model.network.named_modules() if module is part_)


@dataclass(frozen=True)
class Looks:
    """Where the network looks for each of ``classes``, in the clean picture and in the adversarial one.

    ``maps.values`` is ``[2 * classes, h, w]``: all classes in the clean picture, then in the other.
    """

    classes: tuple[Guess, ...]
    maps: ClassMaps

    def of(self, picture: int, place: int) -> Tensor:
        """The map ``[h, w]`` of class ``place`` in picture 0, the clean one, or 1."""
        return self.maps.values[picture * len(self.classes) + place]


def looks(model: Classifier, experiment: Experiment) -> Looks:
    """Grad-CAM for the class said before and the class said after; for one, where they are the same.

    Raises ``NoMapError`` where the network has no feature maps.
    """
    before, after = experiment.before[0], experiment.after[0]
    classes = (before,) if before.index == after.index else (before, after)
    pictures = torch.cat([experiment.clean, experiment.shown]).repeat_interleave(len(classes), 0)
    asked = torch.tensor([each.index for each in classes] * 2, dtype=torch.int64, device="cpu")
    return Looks(classes, grad_cam(model, pictures, asked))


@dataclass(frozen=True)
class Crossing:
    """A flat map of last features: those of some pictures, and the way of the attacked one among them."""

    source: str
    """What the pictures are."""
    places: Tensor
    """Where they lie, float64 ``[N, 2]``."""
    answers: Tensor
    """What the network says of them, int64 ``[N]``."""
    fitted: int
    """On how many of them the map was fitted."""
    size: int
    """The number of features."""
    explained: tuple[float, float]
    """The shares of the variance of those pictures' features along both axes."""
    steps: tuple[str, ...]
    """The attacked picture's steps, by name."""
    way: Tensor
    """Where it lies at each, float64 ``[S, 2]``."""
    said: tuple[Guess, ...]
    """What the network says there."""
    recorded: bool
    """Whether they are the attack's own iterates; else they are on a straight line."""
    seen: float
    """How much of the length of the way, from its start to its end, lies in the plane."""

    @property
    def crossed(self) -> int | None:
        """The place in ``steps`` of the first one with another answer than the clean picture's."""
        start = self.said[0].index
        return next((k for k, each in enumerate(self.said) if each.index != start), None)


def crossing(
    model: Classifier, experiment: Experiment, others: AtHand, progress: Progress | None = None
) -> Crossing:
    """The map for an experiment, fitted on those of ``others`` with the first or the last answer.

    A map of all classes would show how these differ, and little of the way from one to another. Where
    either answer is rare, or there is only one, it is fitted on all.
    Raises ``ValueError`` where the features of the others span no plane.
    """
    steps, pictures = walk(experiment)
    total = len(others.images) + len(pictures)
    features, answers = last_features(model, others.images, part(progress, 0, total))
    own, _ = last_features(model, pictures, part(progress, len(others.images), total))
    probabilities = logits_of(model, pictures.to(model.device)).softmax(1)
    tops = probabilities.argmax(1).tolist()
    chosen = _between(answers, tops[0], tops[-1])
    flat = plane(features[chosen])
    way = flat.places(own)
    whole = (own[-1] - own[0]).norm().item()
    return Crossing(
        source=others.source,
        size=features.shape[1],
        fitted=int(chosen.sum()),
        explained=flat.explained,
        places=flat.places(features),
        answers=answers,
        way=way,
        steps=steps,
        said=tuple(
            guess(model, row[None], top) for row, top in zip(probabilities, tops, strict=True)
        ),
        recorded=bool(experiment.frames),
        seen=(way[-1] - way[0]).norm().item() / whole if whole else 0.0,
    )


def _between(answers: Tensor, first: int, last: int) -> Tensor:
    """Which of ``answers`` are one of two classes; all, where these are the same or one is rare."""
    own = [answers == each for each in (first, last)]
    if first == last or min(int(each.sum()) for each in own) < RARE:
        return torch.ones_like(answers, dtype=torch.bool)
    return own[0] | own[1]


def walk(experiment: Experiment) -> tuple[tuple[str, ...], Tensor]:
    """The steps of an attack from the clean picture to the shown one, by name, and the pictures there.

    Its recorded iterates, as shown; of an attack without any, the straight line in tenths.
    """
    clean, shown = experiment.clean, experiment.shown
    if not experiment.frames:
        shares = [k / STRAIGHT for k in range(STRAIGHT + 1)]
        names = [CLEAN, *(f"{100 * share:.0f} % of the way" for share in shares[1:-1]), RESULT]
        return tuple(names), torch.cat([clean + share * (shown - clean) for share in shares])
    between = [
        (f"step {frame.step}", to_tensor(frame.pixels.numpy())) for frame in experiment.frames[:-1]
    ]
    if between and torch.equal(between[0][1], clean):
        between = between[1:]
    names = [CLEAN, *(name for name, _ in between), RESULT]
    return tuple(names), torch.cat([clean, *(picture for _, picture in between), shown])
