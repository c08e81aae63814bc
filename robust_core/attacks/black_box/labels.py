"""What attacks by labels share: fields, the start beyond the goal, and the way back to the boundary."""

import hashlib
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from robust_core.attacks.balls import own_generators
from robust_core.attacks.base import Attack
from robust_core.attacks.black_box.draws import queries_parameter, seed_parameter
from robust_core.attacks.black_box.hunt import Driver, Prey, Search
from robust_core.attacks.checks import check_batch
from robust_core.attacks.knowledge import LABELS
from robust_core.attacks.oracle import Oracle
from robust_core.goals import Aim, SourceTarget, Targeted, Untargeted
from robust_core.parameters import parameter

NOISES = 100
"""Noise pictures that are tried as starts."""
Found = Generator[Tensor, Tensor, Tensor | None]
Way = Generator[Tensor, Tensor, Tensor]
"""Searches for one view: they yield what they want judged, and return what they have found."""


class Starts:
    """Pictures ``[M, C, H, W]`` in [0, 1] to start from, such as one of the class to reach.

    An attack asks about them nearest first, until one reaches the goal. Two with the same pictures are
    equal. Raises ``ValueError`` for anything but a batch of pictures.
    """

    def __init__(self, pictures: Tensor, name: str = "given pictures") -> None:
        check_batch(pictures)
        self._pictures = pictures.detach().clone()
        self.name = name
        values = self._pictures.cpu().double().contiguous().numpy()
        self._digest = hashlib.blake2b(values.tobytes() + str(values.shape).encode()).digest()

    def pictures(self) -> Tensor:
        """The pictures ``[M, C, H, W]``."""
        return self._pictures

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Starts) and self._digest == other._digest

    def __hash__(self) -> int:
        return hash(self._digest)


def noise_at(prey: Prey, number: int) -> Tensor:
    """Noise picture of that number: of cells that are 1, 2, 4, ... pixels wide, and again.

    Networks give nearly all fine noise the same class; coarse noise has more of them.
    """
    shape = prey.image.shape
    if len(shape) < 3:
        return prey.uniform(*shape)
    channels, height, width = shape
    cell = 2 ** (number % max(1, (max(height, width)).bit_length()))
    few = prey.uniform(channels, -(-height // cell), -(-width // cell))
    return few.repeat_interleave(cell, 1).repeat_interleave(cell, 2)[:, :height, :width]


@dataclass(frozen=True, kw_only=True)
class ByLabels(Attack):
    """Base of attacks that see labels alone, and look for the smallest change; subclasses search.

    The first query is the picture itself, which is returned if it is already beyond the goal. Then come the
    pictures of ``start``, or noise, until one is beyond the goal. If none is, or if the budget runs out
    first, the picture is returned unchanged; otherwise the nearest view seen beyond the goal.
    """

    norm = "l2"
    knowledge = LABELS
    goals = (Untargeted.name, Targeted.name, SourceTarget.name)

    max_queries: int = queries_parameter(2000)
    start: object | None = parameter(
        None, "Pictures to start from, as attacks.Starts; empty: noise.", method="pictures"
    )
    seed: int = seed_parameter()

    @property
    def observations(self) -> int:
        return self.max_queries

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        left = oracle.budget(self.max_queries)
        generators = own_generators(images, self.seed, 0)
        free: Any = [None] * len(images) if oracle.free is None else oracle.free
        prey = [
            Prey(image, mask, generator, left)
            for image, mask, generator in zip(images, free, generators, strict=True)
        ]
        driver = Driver(oracle, images, aim, prey, self.size)
        self.hunt(driver)
        return driver.best

    def hunt(self, driver: Driver) -> None:
        """Look for the nearest success of each picture, which the driver keeps."""
        driver.run([self._whole(each) for each in driver.prey])

    def _whole(self, prey: Prey) -> Search:
        near = yield from self.begin(prey)
        if near is not None:
            yield from self.search(prey, near)

    def begin(self, prey: Prey) -> Found:
        """The view to search from, beyond the goal and close to the boundary; None where there is none."""
        _, reached = yield from prey.view(prey.image)
        if reached:
            return None
        far = yield from self._start(prey)
        if far is None:
            return None
        return (yield from self.approach(prey, far))

    def search(self, prey: Prey, x: Tensor) -> Search:
        """From ``x`` beyond the goal, close to the boundary, to nearer ones, without an end."""
        raise NotImplementedError

    def size(self, change: Tensor) -> Tensor:
        """Lengths ``[n]`` of changes ``[n, C, H, W]`` in the norm of the attack."""
        flat = change.flatten(1)
        return flat.norm(dim=1) if self.norm == "l2" else flat.abs().amax(1)

    def length(self, change: Tensor) -> float:
        """Length of one change ``[C, H, W]``."""
        return self.size(change.unsqueeze(0)).item()

    def _start(self, prey: Prey) -> Found:
        """A view beyond the goal, or None."""
        if self.start is not None:
            given: Any = self.start
            pictures = prey.allowed(given.pictures().to(prey.image))
            for place in self.size(pictures - prey.image).argsort().tolist():
                shown, reached = yield from prey.view(pictures[place])
                if reached:
                    return shown
            return None
        for number in range(NOISES):
            shown, reached = yield from prey.view(noise_at(prey, number))
            if reached:
                return shown
        return None

    tolerance = 1e-3
    """How near to the boundary ``approach`` comes, as a share of the distance."""

    def between(self, prey: Prey, x: Tensor, share: float) -> Tensor:
        """The view at a ``share`` of the way from the picture to ``x``."""
        return prey.image + share * (x - prey.image)

    def approach(self, prey: Prey, x: Tensor, tolerance: float | None = None) -> Way:
        """The view nearest to the boundary on the way from ``x``, beyond the goal, to the picture."""
        tolerance = self.tolerance if tolerance is None else tolerance
        low, high, best = 0.0, 1.0, x
        while high - low > tolerance * high:
            middle = (low + high) / 2
            shown, reached = yield from prey.view(self.between(prey, x, middle))
            if reached:
                high, best = middle, shown
            else:
                low = middle
        return best
