"""SurFree: no gradient, but the geometry of a flat boundary: circles through the picture and the view."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks.balls import TINY
from robust_core.attacks.black_box.dct import smooth
from robust_core.attacks.black_box.hunt import Prey, Search
from robust_core.attacks.black_box.labels import ByLabels, Found
from robust_core.papers import MAHO
from robust_core.parameters import parameter

CIRCLE = (
    r"x_{k+1} = x + d \cos\alpha\,(\cos\alpha\,u + \sin\alpha\,v),\quad u = (x_k - x) / d,\quad v \perp u"
    r"\ \text{at random},\quad \alpha\ "
)


@dataclass(frozen=True, kw_only=True)
class SurFree(ByLabels):
    """SurFree (Maho et al., 2021, algorithm 1), in L2.

    A random direction v at right angles to the way u from the picture to the view spans a plane with it.
    There a flat boundary meets the circle over the way, ``z(a) = x + d cos(a) (cos(a) u + sin(a) v)``, at
    the point nearest to the picture: at angles of one sign the circle is beyond the goal, at the other not.
    A few angles of both signs are tried, the largest first; from the first beyond the goal bisection goes
    on to larger ones. Each direction is at right angles to the last ones.
    """

    name = "surfree"
    title = "SurFree"
    summary = (
        "Walks on circles that would meet a flat boundary at its nearest point, by labels alone."
    )
    equation = CIRCLE + r"\text{the largest that is adversarial}"
    equation_towards = CIRCLE + r"\text{the largest that is of class } t"
    paper = MAHO

    angle: float = parameter(30.0, "Largest angle at the start, in degrees.", above=0.0, high=90.0)
    tries: int = parameter(3, "Angles tried on each side.", low=1, high=100)
    bisections: int = parameter(5, "Bisections of an angle.", low=0, high=100)
    share: float = parameter(
        0.5, "Share of each axis' frequencies that directions are made of.", above=0.0, high=1.0
    )
    memory: int = parameter(
        100, "The next direction is at right angles to this many previous ones.", low=0, high=10_000
    )
    shrink: float = parameter(0.02, "How much the largest angle adapts.", low=0.0, high=0.5)

    def search(self, prey: Prey, x: Tensor) -> Search:
        largest = math.radians(self.angle)
        memory = min(self.memory, self.dimensions(prey) // 2)  # else nothing new would be left
        before: list[Tensor] = []
        while True:
            change = x - prey.image
            distance = self.length(change)
            if distance <= TINY:
                return
            u = change / distance
            v = self.direction(prey, u, before)
            if v is None:
                return
            before = [*before, v][-memory:] if memory else []
            found = yield from self.turn(prey, distance, u, v, largest)
            if found is None:
                largest *= 1 - self.shrink
            else:
                largest = min(math.pi / 2, largest / (1 - self.shrink))
                if self.length(found - prey.image) < distance:
                    x = found

    def direction(self, prey: Prey, u: Tensor, before: list[Tensor]) -> Tensor | None:
        """A random direction ``[C, H, W]`` of length 1, at right angles to ``u`` and those ``before``."""
        v = self.smooth(prey).flatten()
        known = torch.stack([u, *before]).flatten(1)
        for _ in range(
            2
        ):  # those before are not at right angles to the new u: once more is near enough
            v = v - known[1:].T @ (known[1:] @ v)
            v = v - known[0] * (known[0] @ v)
        length = v.norm()
        return None if length <= 1e-6 else (v / length).view_as(u)

    def dimensions(self, prey: Prey) -> int:
        """In how many ways a smooth change can differ from others, at most."""
        free = int(prey.within(torch.ones_like(prey.image)).count_nonzero())
        return min(free, math.prod(self.coarse(prey.image.shape)))

    def coarse(self, shape: torch.Size) -> tuple[int, ...]:
        """The shape of the numbers that a smooth change is made of."""
        if len(shape) < 3:
            return tuple(shape)
        channels, *sides = shape
        return channels, *(max(1, round(self.share * side)) for side in sides)

    def smooth(self, prey: Prey) -> Tensor:
        shape = prey.image.shape
        if len(shape) < 3:
            return prey.within(prey.normal(*shape))
        channels, height, width = shape
        few = self.coarse(shape)[1:]
        return prey.within(smooth(prey.normal(channels, *few), height, width))

    def turn(self, prey: Prey, distance: float, u: Tensor, v: Tensor, largest: float) -> Found:
        """The view at the largest angle beyond the goal that is found; None where none was."""

        def at(angle: float) -> Tensor:
            return prey.image + distance * math.cos(angle) * (
                math.cos(angle) * u + math.sin(angle) * v
            )

        for step in range(self.tries, 0, -1):
            for sign in (1, -1):
                angle = sign * largest * step / self.tries
                found, reached = yield from prey.view(at(angle))
                if not reached:
                    continue
                low, high = angle, angle + sign * largest / self.tries
                for _ in range(self.bisections):
                    middle = (low + high) / 2
                    shown, beyond = yield from prey.view(at(middle))
                    if beyond:
                        low, found = middle, shown
                    else:
                        high = middle
                return found
        return None
