"""What FGSM computes, a pixel at a time: the loss of one picture, its slope in each value, and its sign.

Goodfellow, Shlens, Szegedy (2015), section 4, as deck 003 takes it apart: one pixel, two pixels, all
pixels. Losses are kept as log-odds, ``log((1 - p) / p)`` of the probability of the label, in float64 from
the logits on. Cross-entropy is softplus of these: it rises where they rise, but is flat for a confident
picture. A ``Measure`` turns one into the other.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core.attacks.losses import log_odds
from robust_core.classifier import Classifier, Guess
from robust_core.engine import in_batches
from robust_core.experiment.frames import AT_ONCE, guess, logits_of
from robust_core.modes import evaluating
from robust_core.probabilities import as_logits
from robust_core.progress import Progress

BATCH = 64
Place = tuple[int, int, int]
"""Channel, row and column of one value of a picture."""
ANY = (None, None, None)


@dataclass(frozen=True)
class Measure:
    """A loss as a function of the log-odds: its ``title``, its ``value`` and its ``slope`` there."""

    title: str
    value: Callable[[Tensor], Tensor]
    slope: Callable[[Tensor], Tensor]

    def of(self, odds: float) -> float:
        """``value`` of one number."""
        return self.value(_double(odds)).item()

    def times(self, odds: float) -> float:
        """``slope`` at one number: what slopes of the log-odds are multiplied by."""
        return self.slope(_double(odds)).item()


MEASURES = {
    "odds": Measure("log-odds", lambda odds: odds, torch.ones_like),
    "ce": Measure("cross-entropy", F.softplus, torch.sigmoid),
}


@dataclass(frozen=True)
class Ascent:
    """FGSM of one picture, in its parts; tensors ``[C, H, W]`` on the CPU, without a batch axis.

    ``adversarial`` is ``clip(x + eps sign)``. ``odds`` and ``reached`` are the log-odds, ``before`` and
    ``after`` the network's answers, ``label`` and ``left`` its confidence in the label, of ``image`` and
    of ``adversarial``. ``gradient`` is that of the log-odds, float64.
    """

    eps: float
    label: Guess
    image: Tensor
    gradient: Tensor
    odds: float
    adversarial: Tensor
    reached: float
    before: Guess
    after: Guess
    left: Guess

    @property
    def sign(self) -> Tensor:
        """-1, 0 and 1, float64."""
        return self.gradient.sign()

    def steepest(
        self, where: tuple[int | None, int | None, int | None] = ANY, besides: Place | None = None
    ) -> Place:
        """The value with the steepest slope, in the channel, row or column that ``where`` names.

        None there means any; ``besides`` is left out where there is another. Raises ``ValueError`` for a
        place outside the picture.
        """
        check_place(self.image, tuple(0 if i is None else i for i in where))
        size = torch.full_like(self.gradient, -1.0)
        part = tuple(slice(None) if i is None else slice(i, i + 1) for i in where)
        size[part] = self.gradient[part].abs()
        if besides is not None and (size >= 0).sum() > 1:
            size[besides] = -1.0
        _, height, width = size.shape
        index = int(size.argmax())
        return index // (height * width), index // width % height, index % width


def odds_of(model: Classifier, images: Tensor, label: int) -> Tensor:
    """Log-odds float64 ``[N]`` on the CPU of pictures ``[N, C, H, W]`` for one class."""
    return _odds(logits_of(model, images.to(model.device)), label)


def slope(model: Classifier, image: Tensor, label: int) -> tuple[float, Tensor]:
    """The log-odds of a picture ``[C, H, W]`` and their gradient there, float64 on the CPU."""
    with torch.inference_mode(False), torch.enable_grad(), evaluating(model):
        x = image[None].detach().clone().to(model.device).requires_grad_()
        odds = _odds(as_logits(model(x)).cpu().double(), label).sum()
        (gradient,) = torch.autograd.grad(odds, x)
    return odds.item(), gradient[0].cpu().double()


def ascent(model: Classifier, image: Tensor, eps: float, label: int | None = None) -> Ascent:
    """One FGSM step of a picture ``[1, C, H, W]`` in [0, 1], and what the network says before and after.

    ``label`` is the true class; None takes the network's own answer. Raises ``ValueError`` for several
    pictures, one of another size than the network's, and an eps outside [0, 1].
    """
    if len(image) != 1:
        raise ValueError(f"image must hold one picture; got {len(image)}")
    model.check_pictures(image)
    check_eps(eps)
    image = image.cpu()
    clean = logits_of(model, image.to(model.device)).softmax(1)
    own = int(clean.argmax()) if label is None else label
    odds, gradient = slope(model, image[0], own)
    moved = (image + eps * gradient.sign().to(image.dtype)).clamp(0, 1)
    said = logits_of(model, moved.to(model.device))
    after = said.softmax(1)
    return Ascent(
        eps,
        guess(model, clean, own),
        image[0],
        gradient,
        odds,
        moved[0],
        _odds(said, own).item(),
        guess(model, clean, int(clean.argmax())),
        guess(model, after, int(after.argmax())),
        guess(model, after, own),
    )


@dataclass(frozen=True)
class OnePixel:
    """Log-odds against one value of a picture, everything else as it is.

    ``values`` ``[P]`` from 0 to 1, with ``odds`` ``[P]``; ``value`` is the picture's own, with the log-odds
    ``here`` and their ``slope``; ``moved`` is it after FGSM's step, where they are ``reached``.
    """

    place: Place
    values: Tensor
    odds: Tensor
    value: float
    here: float
    slope: float
    moved: float
    reached: float


def one_pixel(model: Classifier, found: Ascent, place: Place, points: int = 101) -> OnePixel:
    """Walk through all values of one place ``(channel, row, column)``.

    Raises ``ValueError`` for a place outside the picture.
    """
    check_place(found.image, place)
    value, slope_here = found.image[place].item(), found.gradient[place].item()
    moved = min(1.0, max(0.0, value + found.eps * _sign(slope_here)))
    values = torch.linspace(0, 1, points, dtype=torch.float64, device="cpu")
    asked = torch.cat([values, _double([value, moved])])
    pictures = found.image.repeat(len(asked), 1, 1, 1)
    pictures[:, place[0], place[1], place[2]] = asked.to(pictures.dtype)
    seen = odds_of(model, pictures, found.label.index)
    return OnePixel(
        place,
        values,
        seen[:points],
        value,
        seen[-2].item(),
        slope_here,
        moved,
        seen[-1].item(),
    )


@dataclass(frozen=True)
class TwoPixels:
    """Log-odds over two values of a picture, ``[G, G]``: rows are the second value.

    ``axes`` are the values along each side. Points are ``(first, second, odds)``: ``own`` the picture's,
    ``corner`` FGSM's, ``circle`` after a step of L2 length eps along the gradient, ``best`` the highest
    that the grid has within the square.
    """

    places: tuple[Place, Place]
    axes: tuple[Tensor, Tensor]
    odds: Tensor
    eps: float
    slopes: tuple[float, float]
    own: tuple[float, float, float]
    corner: tuple[float, float, float]
    circle: tuple[float, float, float]
    best: tuple[float, float, float]


def two_pixels(
    model: Classifier,
    found: Ascent,
    places: tuple[Place, Place],
    *,
    reach: float = 2.0,
    points: int = 33,
    progress: Progress | None = None,
) -> TwoPixels:
    """The log-odds over a square of ``reach`` times eps around both values, within [0, 1].

    Raises ``ValueError`` for a place outside the picture, twice the same, or an eps of 0.
    """
    first, second = places
    for place in places:
        check_place(found.image, place)
    if first == second:
        raise ValueError(f"second must be another place than first; got {second} twice")
    if not found.eps > 0:
        raise ValueError("eps must be above 0: a square without sides has no corner")
    x = (found.image[first].item(), found.image[second].item())
    g = (found.gradient[first].item(), found.gradient[second].item())
    corner = _clipped(x, [found.eps * _sign(each) for each in g])
    long = max((g[0] ** 2 + g[1] ** 2) ** 0.5, torch.finfo(torch.float64).tiny)
    circle = _clipped(x, [found.eps * each / long for each in g])
    axes = (_axis(x[0], reach * found.eps, points), _axis(x[1], reach * found.eps, points))
    second_value, first_value = torch.meshgrid(axes[1], axes[0], indexing="ij")
    asked = torch.stack([first_value.flatten(), second_value.flatten()], 1)
    asked = torch.cat([asked, _double([x, corner, circle])])

    def pictures(rows: Tensor) -> Tensor:
        some = found.image.repeat(len(rows), 1, 1, 1)
        for k, place in enumerate(places):
            some[:, place[0], place[1], place[2]] = rows[:, k].to(some.dtype)
        return some

    seen = asked_odds(model, pictures, asked, found.label.index, progress)
    square = seen[:-3].view(len(axes[1]), len(axes[0]))
    inside = (asked - _double(x)).abs().amax(1) <= found.eps * (1 + 1e-6)
    top = int(torch.where(inside, seen, -torch.inf).argmax())
    points_of = [(*asked[k].tolist(), seen[k].item()) for k in (-3, -2, -1, top)]
    return TwoPixels(places, axes, square, found.eps, g, *points_of)


def asked_odds(
    model: Classifier,
    pictures: Callable[[Tensor], Tensor],
    rows: Tensor,
    label: int,
    progress: Progress | None,
) -> Tensor:
    """Log-odds float64 ``[N]`` of ``pictures(rows)`` for ``rows`` ``[N, ...]``, a batch at a time."""
    done = 0
    size = pictures(rows[:1])[0].numel()

    def ask(some: Tensor) -> Tensor:
        nonlocal done
        found = odds_of(model, pictures(some), label)
        done += len(some)
        if progress is not None:
            progress(done, len(rows))
        return found

    return in_batches(ask, rows, min(BATCH, max(1, AT_ONCE // size)))


def check_eps(eps: float) -> None:
    """Raise ``ValueError`` unless eps is in [0, 1]."""
    if not 0 <= eps <= 1:
        raise ValueError(f"eps must be from 0 to 1; got {eps!r}")


def check_place(image: Tensor, place: tuple[int, ...]) -> None:
    """Raise ``ValueError`` unless ``place`` is within ``[C, H, W]``."""
    if len(place) != 3 or not all(0 <= i < n for i, n in zip(place, image.shape, strict=True)):
        raise ValueError(
            f"place must be (channel, row, column) within {tuple(image.shape)}; got {place}"
        )


def _odds(logits: Tensor, label: int) -> Tensor:
    return log_odds(
        logits, torch.full((len(logits),), label, dtype=torch.int64, device=logits.device)
    )


def _double(values: object) -> Tensor:
    return torch.tensor(values, dtype=torch.float64, device="cpu")


def _axis(value: float, reach: float, points: int) -> Tensor:
    low, high = max(0.0, value - reach), min(1.0, value + reach)
    return torch.linspace(low, high, points, dtype=torch.float64, device="cpu")


def _clipped(x: tuple[float, float], step: list[float]) -> tuple[float, float]:
    a, b = (min(1.0, max(0.0, each + way)) for each, way in zip(x, step, strict=True))
    return a, b


def _sign(value: float) -> float:
    return (value > 0) - (value < 0)
