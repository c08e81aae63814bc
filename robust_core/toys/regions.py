"""One step out of three regions at once: the picture behind universal perturbations, in two dimensions.

Three pictures lie at the same place, each within the region of its own class. The algorithm adds up the
shortest ways out until one and the same v leaves all of them (Moosavi-Dezfooli et al., 2017, figure 2).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

OVERSHOOT = 0.02
"""Share by which a way out is lengthened, as DeepFool's is: a border itself is still inside."""


@dataclass(frozen=True)
class Region:
    """A convex region around the picture: where ``normal . v < distance`` for each of its edges."""

    name: str
    edges: tuple[tuple[float, float], ...]
    """Directions of the edges in degrees, and their distances from the picture."""

    @property
    def normals(self) -> np.ndarray:
        """Unit normals ``[E, 2]``."""
        angles = np.radians([angle for angle, _ in self.edges])
        return np.stack([np.cos(angles), np.sin(angles)], 1)

    @property
    def distances(self) -> np.ndarray:
        return np.array([distance for _, distance in self.edges])

    def holds(self, v: np.ndarray) -> bool:
        """Whether the picture moved by ``v`` is still within."""
        return bool((self.normals @ v < self.distances).all())

    def way_out(self, v: np.ndarray) -> np.ndarray:
        """The shortest way out from ``v``, lengthened by ``OVERSHOOT``; zero from outside.

        Out of a convex region the nearest border point lies on the line of the nearest edge.
        """
        if not self.holds(v):
            return np.zeros(2)
        gaps = self.distances - self.normals @ v
        nearest = int(gaps.argmin())
        return (1 + OVERSHOOT) * gaps[nearest] * self.normals[nearest]

    def corners(self, far: float = 10.0) -> np.ndarray:
        """The outline ``[C, 2]``, counterclockwise, cut off at ``far`` where the region is open."""
        normals, distances = self.normals, self.distances
        box = np.array([[1.0, 0], [0, 1], [-1, 0], [0, -1]])
        normals, distances = np.vstack([normals, box]), np.append(distances, [far] * 4)
        points = []
        for i in range(len(normals)):
            for j in range(i):
                pair = normals[[i, j]]
                if abs(np.linalg.det(pair)) > 1e-9:
                    point = np.linalg.solve(pair, distances[[i, j]])
                    if (normals @ point <= distances + 1e-9).all():
                        points.append(point)
        return np.array(sorted(points, key=lambda p: math.atan2(p[1], p[0])))


REGIONS = (
    Region("class 1", ((20, 1.0), (110, 1.9), (200, 1.6), (290, 2.0))),
    Region("class 2", ((75, 1.2), (165, 1.7), (255, 1.8), (345, 2.1))),
    Region("class 3", ((50, 2.1), (140, 2.0), (230, 1.5), (320, 1.9))),
)


@dataclass(frozen=True)
class Step:
    """One picture's turn: from ``start`` its way out leads to ``end``, which is then projected."""

    region: str
    start: tuple[float, float]
    end: tuple[float, float]
    fooled: tuple[str, ...]
    """The regions that v has left after this step."""


def walk(
    regions: Sequence[Region] = REGIONS, radius: float = math.inf, passes: int = 4
) -> tuple[Step, ...]:
    """The steps of the algorithm, one for each picture that still holds, until none does.

    ``radius``: v is projected onto this ball after each step. Raises ``ValueError`` for a radius below 0.
    """
    if not radius >= 0:
        raise ValueError(f"radius must be at least 0; got {radius}")
    v = np.zeros(2)
    steps: list[Step] = []
    for _ in range(passes):
        for region in regions:
            if not region.holds(v):
                continue
            start = v
            v = v + region.way_out(v)
            length = float(np.hypot(*v))
            if length > radius:
                v = v * (radius / length)
            left = tuple(one.name for one in regions if not one.holds(v))
            steps.append(Step(region.name, _pair(start), _pair(v), left))
        if all(not region.holds(v) for region in regions):
            break
    return tuple(steps)


def _pair(v: np.ndarray) -> tuple[float, float]:
    return float(v[0]), float(v[1])
