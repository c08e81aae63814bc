"""Boundary: a random walk along the boundary that comes nearer to the picture with every step it keeps."""

from dataclasses import dataclass
from itertools import count

import torch
from torch import Tensor

from robust_core.attacks.balls import TINY, per_picture
from robust_core.attacks.black_box.hunt import Driver, Prey
from robust_core.attacks.black_box.labels import ByLabels
from robust_core.papers import BRENDEL_BOUNDARY
from robust_core.parameters import parameter

PLACES = 4096
"""Places on a line of random numbers from which a picture may take its own."""
EVERY = 5
"""How often the sideways part of a move is tested alone."""
FACTOR = 1.5
END = 1e-7
"""Where the step towards the picture is this share of the distance, the walk has converged."""


class Rates:
    """Whether the last ``length`` moves of each of n pictures were kept."""

    def __init__(self, pictures: int, length: int, device: torch.device) -> None:
        self.kept = torch.zeros(length, pictures, dtype=torch.bool, device=device)
        self.oldest = 0
        self.known = torch.zeros(pictures, dtype=torch.int64, device=device)

    def __call__(self, kept: Tensor, low: float, high: float) -> Tensor:
        """Record a move; the factors for the steps, as fewer or more moves than wanted are kept."""
        length = len(self.kept)
        self.kept[self.oldest] = kept
        self.oldest = (self.oldest + 1) % length
        self.known += 1
        enough, times = self.known >= length, self.kept.sum(0)
        more, fewer = enough & (times > high * length), enough & (times < low * length)
        self.known.masked_fill_(more | fewer, 0)
        same = torch.ones_like(times, dtype=torch.float32)
        return same.masked_fill(more, FACTOR).masked_fill(fewer, 1 / FACTOR)

    def only(self, places: Tensor) -> None:
        """Go on with these pictures."""
        self.kept, self.known = self.kept[:, places], self.known[places]


class Steps:
    """Both steps of each of n pictures, as shares of its distance, and how often moves were kept."""

    def __init__(
        self, sideways: float, towards: float, pictures: int, device: torch.device
    ) -> None:
        self.sideways = torch.full((pictures,), sideways, dtype=torch.float64, device=device)
        self.towards = torch.full_like(self.sideways, towards)
        self.spheres, self.moves = Rates(pictures, 10, device), Rates(pictures, 20, device)

    def turned(self, kept: Tensor) -> None:
        """The sideways parts alone were beyond the goal, or not."""
        factor = self.spheres(kept, 0.2, 0.5)
        self.sideways.mul_(factor).clamp_(max=1.0)
        self.towards.mul_(factor)

    def moved(self, kept: Tensor) -> None:
        """Whole moves were."""
        self.towards.mul_(self.moves(kept, 0.1, 0.25)).clamp_(max=0.5)

    def only(self, places: Tensor) -> None:
        """Go on with these pictures."""
        self.sideways, self.towards = self.sideways[places], self.towards[places]
        self.spheres.only(places)
        self.moves.only(places)


class Noise:
    """Normal numbers for n pictures, of which a step draws little more than for one: a line of them.

    Each picture takes the numbers from a place of its own on, other ones at each step. Lines depend on the
    seed and places on the picture, so a picture gets the same numbers in any batch. They are as random
    as numbers drawn for it alone; those of two pictures are uncorrelated where their places differ.
    """

    def __init__(self, prey: list[Prey], seed: int) -> None:
        self.lines = torch.Generator("cpu").manual_seed(seed)
        self.like = prey[0].image
        places = torch.stack([each.uniform(2) for each in prey]) * PLACES
        self.first, self.stride = places.long().unbind(1)
        masks = [each.free for each in prey if each.free is not None]
        self.free = torch.stack(masks) if masks else None

    def only(self, going: Tensor) -> None:
        """Go on with these pictures."""
        self.first, self.stride = self.first[going], self.stride[going]
        self.free = None if self.free is None else self.free[going]

    def __call__(self, step: int) -> Tensor:
        """Those of that step ``[n, C, H, W]``, 0 where a picture may not change."""
        size, like = self.like.numel(), self.like
        line = torch.randn(size + PLACES, generator=self.lines, dtype=like.dtype, device="cpu")
        places = (self.first + step * self.stride) % PLACES
        windows = line.to(like.device).unfold(0, size, 1)[places]
        noise = windows.view(-1, *like.shape)
        return noise if self.free is None else noise.mul_(self.free)


def turned(change: Tensor, noise: Tensor, distance: Tensor, sideways: Tensor) -> Tensor:
    """How much of each change and of its noise there is in the turned change; float64 ``[n, 2]``.

    A change is turned towards the part of the noise at right angles to it, by an angle whose tangent is
    ``sideways``, and stays as long as it is: ``distance``. Nothing but those shares is computed, as each
    pass over pictures takes its time.
    """
    flat = noise.flatten(1)
    along = torch.linalg.vecdot(flat, change.flatten(1)).double() / distance**2
    across = flat.norm(dim=1).double() ** 2 - (along * distance) ** 2
    longer = (1 + sideways**2).sqrt()
    of_noise = sideways / longer * distance / across.clamp_min(TINY**2).sqrt()
    return torch.stack([1 / longer - of_noise * along, of_noise], dim=1)


def at(images: Tensor, change: Tensor, noise: Tensor, shares: Tensor) -> Tensor:
    """Each picture with so much of its change and of the noise; ``shares`` ``[n, 2]``."""
    of_change, of_noise = (per_picture(each, images) for each in shares.to(images.dtype).unbind(1))
    return images.addcmul(change, of_change).addcmul_(noise, of_noise)


@dataclass(frozen=True, kw_only=True)
class Boundary(ByLabels):
    """The boundary attack (Brendel et al., 2018, algorithm 1 and section 2.3).

    A move goes sideways by ``spherical_step`` of the distance, in a random direction on the sphere around
    the picture, and then towards the picture by ``source_step`` of it. It is kept if it ends beyond the
    goal, so that the distance never grows. Both steps adapt: the first so that about half of the sideways
    moves alone stay beyond the goal, the second to the share of whole moves that do. A sideways move that
    clipping to [0, 1] brings nearer is kept as well. The walk begins where bisection from the start meets
    the boundary.
    """

    name = "boundary"
    title = "Boundary attack"
    summary = "A random walk along the boundary, ever nearer to the picture, by labels alone."
    equation = (
        r"x_{k+1} = x_k + \eta_k\ \text{if still adversarial},\quad \lVert x - x_k - \eta_k\rVert_2 ="
        r" (1 - \epsilon)\,\lVert x - x_k\rVert_2,\quad \lVert\eta_k^{\perp}\rVert_2 = \delta\,"
        r"\lVert x - x_k\rVert_2"
    )
    equation_towards = (
        r"x_{k+1} = x_k + \eta_k\ \text{if still of class } t,\quad \lVert x - x_k - \eta_k\rVert_2 ="
        r" (1 - \epsilon)\,\lVert x - x_k\rVert_2,\quad \lVert\eta_k^{\perp}\rVert_2 = \delta\,"
        r"\lVert x - x_k\rVert_2"
    )
    paper = BRENDEL_BOUNDARY

    spherical_step: float = parameter(
        0.01, "First sideways step, as a share of the distance.", above=0.0, high=1.0
    )
    source_step: float = parameter(
        0.01, "First step towards the picture, as a share of the distance.", above=0.0, high=0.5
    )

    def hunt(self, driver: Driver) -> None:
        driver.run([self.begin(each) for each in driver.prey])
        self.walk(driver)

    def walk(self, driver: Driver) -> None:
        """Move all pictures in step, each from its nearest view beyond the goal, by steps of its own."""
        rows = driver.distance.isfinite().nonzero().squeeze(1)
        if not len(rows):
            return
        steps = Steps(self.spherical_step, self.source_step, len(rows), rows.device)
        normal = Noise(driver.of(rows), self.seed)
        images = driver.images[rows]
        change = driver.best[rows] - images
        for number in count(1):
            before = driver.distance[rows]
            going = driver.able(rows) & (before > TINY) & (steps.towards > END)
            if not going.any():
                return
            if not going.all():
                steps.only(going)
                normal.only(going)
                rows, images, change, before = (
                    each[going] for each in (rows, images, change, before)
                )
            noise = normal(number)
            turn = turned(change, noise, before, steps.sideways)
            if number % EVERY == 0:
                steps.turned(driver.view(rows, at(images, change, noise, turn)))
            left = (1 - steps.towards).unsqueeze(1)
            steps.moved(driver.view(rows, at(images, change, noise, turn * left)))
            nearer = (driver.distance[rows] < before).nonzero().squeeze(1)
            change[nearer] = driver.best[rows[nearer]] - images[nearer]
