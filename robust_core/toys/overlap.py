"""What fools a classifier, its detector, and both: the overlap argument in the plane.

Metzen et al. (2017), section 5: the inputs that fool both networks are among those that fool the
classifier, and a detector that was trained against the dynamic adversary leaves fewer of them. In the
plane every input can be tried, so the areas are counted, not estimated by an attack.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from robust_core import attacks
from robust_core.attacks.pair.mixed import mixed
from robust_core.detectors import calibrate
from robust_core.progress import Progress, counter

EPS = 0.14
"""Linf radius, in units of the side of the plane: the classes are about 0.2 apart."""
FALSE_POSITIVE_RATE = 0.05
NOISE = 0.03
"""Standard deviation around the moons, in scikit-learn's units; the plane is 4 wide and 3 high."""
CALIBRATION = 1000
WIDTH = 64
SCALE = 12.0
STEPS = 4
ROUNDS = 500
CLASSIFIER_ROUNDS = 100
RATE = 0.015
SHARE = 0.5
"""Share of a round's points that the dynamic adversary moves, as in the paper."""


@dataclass(frozen=True)
class DetectorView:
    """The plane as a detector sees it. Matrices are bool ``[G, G]``, rows from below.

    ``unflagged``: a data point can be moved there and the detector says "genuine". ``both``: the
    classifier is fooled there as well. ``false_positives`` is the share of clean data points that are
    flagged. ``lost`` is the share of clean points, right and not flagged, that have a place on the grid
    within eps that fools both.
    """

    threshold: float
    false_positives: float
    unflagged: Tensor
    both: Tensor
    lost: float


@dataclass(frozen=True)
class Overlap:
    """Two classes in the plane ``[0, 1]^2``, a classifier, and a detector trained in two ways.

    ``points`` ``[N, 2]`` (across, up) and ``labels`` ``[N]`` are held-out data.
    ``axis`` ``[G]`` are the coordinates of the grid in both directions. Matrices are ``[G, G]``, rows
    from below: ``classes`` int64; ``reach`` bool, where a data point that the classifier gets right can
    be moved within ``eps``; ``wrong`` bool, where it is then taken for the other class.
    """

    seed: int
    eps: float
    false_positive_rate: float
    points: Tensor
    labels: Tensor
    axis: Tensor
    classes: Tensor
    reach: Tensor
    wrong: Tensor
    static: DetectorView
    dynamic: DetectorView

    def shares(self, kind: str) -> dict[str, float]:
        """Areas as shares of what is within reach, for the detector ``static`` or ``dynamic``.

        ``classifier`` and ``detector`` are the areas that fool one, whatever the other says. ``both``,
        ``classifier_only``, ``detector_only`` and ``neither`` add up to 1.
        """
        watched = {"static": self.static, "dynamic": self.dynamic}.get(kind)
        if watched is None:
            raise ValueError(f"kind must be static or dynamic; got {kind!r}")
        areas = {
            "classifier": self.wrong,
            "detector": watched.unflagged,
            "both": watched.both,
            "classifier_only": self.wrong & ~watched.unflagged,
            "detector_only": watched.unflagged & ~self.wrong,
            "neither": self.reach & ~self.wrong & ~watched.unflagged,
        }
        return {name: (area.sum() / self.reach.sum()).item() for name, area in areas.items()}


class PlanePair(nn.Module):
    """A classifier and a detector on the same input, as the attacks on a pair take them."""

    def __init__(self, classifier: nn.Module, detector: nn.Module) -> None:
        super().__init__()
        self.classifier = classifier
        self.detector = detector

    def logit(self, points: Tensor) -> Tensor:
        """Log-odds of "adversarial" ``[N]`` for points ``[N, 2]``."""
        return self.detector(points).squeeze(1)

    def both(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """The classifier's logits ``[N, 2]`` and the detector's ``[N]``."""
        return self.classifier(points), self.logit(points)

    @torch.no_grad()
    def score(self, points: Tensor) -> Tensor:
        """P(adversarial) ``[N]``."""
        return self.logit(points).sigmoid()


def overlap(
    seed: int = 0,
    *,
    eps: float = EPS,
    points: int = 200,
    grid: int = 121,
    progress: Progress | None = None,
) -> Overlap:
    """Train the three networks and evaluate them on a grid of the plane; takes seconds on one thread.

    The static detector learns to tell clean points from what BIM makes of them. For the dynamic one,
    the dynamic adversary, which knows the detector, moves half of each round's points, at a sigma from
    0 to 1. Both have the same network, the same number of rounds, and a threshold set to flag the same
    share of held-out clean points: what one gains is not paid for by false alarms.

    Args:
        seed: of the data, the initial weights and sigma; the same seed gives the same result.
        eps: Linf radius, from 0.01 to 0.5.
        points: how many to train on, and as many to measure with, from 50 to 2000.
        grid: grid points per side, from 11 to 401.
        progress: called as ``progress(k, n)`` after each round of training; what it raises ends it.

    Raises:
        ValueError: an argument is out of its range.
    """
    _check(seed, eps, points, grid)
    generator = torch.Generator().manual_seed(seed)
    tell = counter(progress, CLASSIFIER_ROUNDS + 2 * ROUNDS)
    train, labels = moons(points, seed)
    classifier = _fit_classifier(train, labels, generator, tell)
    said = classifier(train).argmax(1)
    losses: dict[str, Callable[[PlanePair], Callable[[], Tensor]]] = {
        "static": lambda pair: _static_loss(pair, train, said, eps),
        "dynamic": lambda pair: _dynamic_loss(pair, train, said, eps, generator),
    }
    pairs = {
        kind: _fit_pair(classifier, loss_of, generator, tell) for kind, loss_of in losses.items()
    }
    test, truth = moons(points, seed + 1_000_003)
    aside = moons(CALIBRATION, seed + 2_000_003)[0]
    axis = torch.linspace(0, 1, grid, dtype=torch.float32, device="cpu")
    places = torch.cartesian_prod(axis, axis).flip(1)  # across, up; row by row
    right = classifier(test).argmax(1) == truth
    near = (places[:, None] - test[right]).abs().amax(2) <= eps
    classes = classifier(places).argmax(1)
    fooled = near & (classes[:, None] != truth[right])
    square = (grid, grid)

    def watched(pair: PlanePair) -> DetectorView:
        threshold = calibrate(pair.score(aside), FALSE_POSITIVE_RATE)
        passes = pair.score(places) <= threshold
        flagged = pair.score(test) > threshold
        lost = (fooled & passes[:, None]).any(0)[~flagged[right]]
        return DetectorView(
            threshold=threshold,
            false_positives=flagged.double().mean().item(),
            unflagged=(near.any(1) & passes).view(square),
            both=(fooled.any(1) & passes).view(square),
            lost=lost.double().mean().item(),
        )

    return Overlap(
        seed=seed,
        eps=eps,
        false_positive_rate=FALSE_POSITIVE_RATE,
        points=test,
        labels=truth,
        axis=axis,
        classes=classes.view(square),
        reach=near.any(1).view(square),
        wrong=fooled.any(1).view(square),
        **{kind: watched(pair) for kind, pair in pairs.items()},
    )


def moons(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Points of two classes in ``[0, 1]^2``, ``[count, 2]``, and labels ``[count]``: two half circles."""
    from sklearn.datasets import make_moons

    points, labels = make_moons(count, noise=NOISE, random_state=seed)
    middle = torch.tensor([0.5, 0.25], dtype=torch.float32, device="cpu")
    size = torch.tensor([4.0, 3.0], dtype=torch.float32, device="cpu")
    inside = ((torch.from_numpy(points).float() - middle) / size + 0.5).clamp(0, 1)
    return inside, torch.from_numpy(labels).long()


def _check(seed: int, eps: float, points: int, grid: int) -> None:
    for name, value, low, high in (
        ("seed", seed, 0, 10**6),
        ("points", points, 50, 2000),
        ("grid", grid, 11, 401),
    ):
        if not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"{name} must be a whole number from {low} to {high}; got {value!r}")
    if not isinstance(eps, int | float) or not 0.01 <= eps <= 0.5:
        raise ValueError(f"eps must be a number from 0.01 to 0.5; got {eps!r}")


class _Scaled(nn.Module):
    """The plane centred and enlarged: a network on [0, 1] itself is too smooth for thin classes."""

    def forward(self, points: Tensor) -> Tensor:
        return SCALE * (points - 0.5)


def _network(outputs: int, generator: torch.Generator) -> nn.Sequential:
    """Two hidden ReLU layers. All weights are drawn from ``generator``, not from torch's global one."""
    layers: list[nn.Module] = [_Scaled()]
    for inside, outside in ((2, WIDTH), (WIDTH, WIDTH), (WIDTH, outputs)):
        layer = nn.utils.skip_init(nn.Linear, inside, outside)
        for tensor in (layer.weight, layer.bias):
            nn.init.uniform_(tensor, -(inside**-0.5), inside**-0.5, generator=generator)
        layers += [layer, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def _train(
    network: nn.Module, rounds: int, loss: Callable[[], Tensor], tell: Callable[[], None]
) -> None:
    optimiser = torch.optim.Adam(network.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=rounds)
    for _ in range(rounds):
        optimiser.zero_grad()
        loss().backward()
        optimiser.step()
        schedule.step()
        tell()
    network.eval().requires_grad_(False)


def _fit_classifier(
    points: Tensor, labels: Tensor, generator: torch.Generator, tell: Callable[[], None]
) -> nn.Module:
    network = _network(2, generator)
    _train(network, CLASSIFIER_ROUNDS, lambda: F.cross_entropy(network(points), labels), tell)
    return network


def _fit_pair(
    classifier: nn.Module,
    loss_of: Callable[[PlanePair], Callable[[], Tensor]],
    generator: torch.Generator,
    tell: Callable[[], None],
) -> PlanePair:
    """A fresh detector for ``classifier``, trained on what ``loss_of(pair)()`` gives in each round."""
    pair = PlanePair(classifier, _network(1, generator))
    _train(pair.detector, ROUNDS, loss_of(pair), tell)
    return pair


def _static_loss(pair: PlanePair, points: Tensor, said: Tensor, eps: float) -> Callable[[], Tensor]:
    """The loss on the points and on adversarial ones, made once against the classifier alone."""
    moved = attacks.create("bim", eps=eps, steps=STEPS)(pair.classifier, points, said)
    x = torch.cat([points, moved])
    adversarial = torch.arange(2, device="cpu").repeat_interleave(len(points))
    return lambda: F.binary_cross_entropy_with_logits(pair.logit(x), adversarial.float())


def _dynamic_loss(
    pair: PlanePair, points: Tensor, said: Tensor, eps: float, generator: torch.Generator
) -> Callable[[], Tensor]:
    """The loss on points of which each round moves a new share, against classifier and detector."""

    def loss() -> Tensor:
        chosen = (
            torch.rand(len(points), generator=generator, dtype=torch.float32, device="cpu") < SHARE
        )
        sigma = torch.rand(
            int(chosen.sum()), generator=generator, dtype=torch.float32, device="cpu"
        )
        x = points.clone()
        x[chosen] = mixed(  # steps as long as eps, as in the paper
            pair, points[chosen], said[chosen], sigma, eps=eps, steps=STEPS, step_size=eps
        )
        return F.binary_cross_entropy_with_logits(pair.logit(x), chosen.float())

    return loss
