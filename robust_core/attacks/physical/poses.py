"""Where a camera stands in front of a road sign, and what it sees: distance and angle, differentiable.

A sign lives in a frame of its own, a square that it fills. A pose turns that frame about its upright
axis, brings it into perspective, and puts it before a backdrop. The picture is what a classifier of signs
is given: cut out around the sign, whose height takes ``FILL`` of it. Distance costs resolution: the cut-out
has only as many pixels as the camera has for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from robust_core.parameters import Parameters, parameter
from robust_core.warps import warp

SIGN = 2.5
"""Width and height of a sign in feet: 30 inches."""
FOCAL, ACROSS = 554.0, 640
"""Of the camera, in pixels: focal length, and picture width, which is a field of view of 60 degrees."""
HEIGHT, POLE = 7.0, 0.2
"""Of the middle of a sign above the ground, and width of its pole, in feet."""
GREY = 0.5
FILL = 0.8
"""Share of a cut-out that the sign's height takes."""
DETAIL = 128
"""Side of a cut-out before it loses resolution."""


@dataclass(frozen=True, kw_only=True)
class Pose(Parameters):
    """A place of the camera: ``distance`` in feet, ``angle`` in degrees, and the chances of a cut-out."""

    distance: float = parameter(10.0, "From camera to sign.", low=2.0, high=1000.0, unit="feet")
    angle: float = parameter(
        0.0, "Between the camera and straight ahead.", low=-80.0, high=80.0, unit="degrees"
    )
    across: float = parameter(
        0.0, "Shift of the cut-out, in shares of its side.", low=-0.5, high=0.5
    )
    down: float = parameter(0.0, "Shift of the cut-out, in shares of its side.", low=-0.5, high=0.5)
    light: float = parameter(1.0, "Factor of all values.", low=0.0, high=2.0)

    @property
    def pixels(self) -> int:
        """Side of the cut-out in pixels of the camera."""
        return max(2, round(FOCAL * SIGN / FILL / self.distance))

    @property
    def matrix(self) -> Tensor:
        """From places in the cut-out to places in the sign's frame, float64 ``[3, 3]`` (see ``warps``)."""
        return self.seen_as(FILL, FILL)

    def seen_as(self, wide: float, high: float) -> Tensor:
        """As ``matrix``, for a picture in which the sign takes these shares of the sides."""
        angle = torch.deg2rad(torch.tensor(self.angle, dtype=torch.float64, device="cpu"))
        away = self.distance / (SIGN / 2)  # in half signs
        seen = torch.eye(3, dtype=torch.float64, device="cpu")
        seen[0, 0] = wide * angle.cos()
        seen[1, 1] = high
        seen[2, 0] = angle.sin() / away
        moved = torch.eye(3, dtype=torch.float64, device="cpu")
        moved[0, 2], moved[1, 2] = 2 * self.across, 2 * self.down
        return torch.linalg.inv(moved @ seen)


def poses_at(*places: tuple[float, float]) -> tuple[Pose, ...]:
    """A pose for each ``(distance in feet, angle in degrees)``, cut out exactly."""
    return tuple(Pose(distance=float(far), angle=float(angle)) for far, angle in places)


DECK_001 = poses_at((5, 0), (5, 15), (10, 0), (10, 30), (40, 0))
"""The five of deck 001's table."""
DISTANCES = (5, 10, 15, 20, 30, 40, 60, 80)
ANGLES = (-45, -30, -15, 0, 15, 30, 45)
GRID = poses_at(*((far, angle) for far in DISTANCES for angle in ANGLES))
"""A finer grid, on both sides of the sign and further away than what a poster is made for."""


def random_poses(n: int, generator: torch.Generator) -> tuple[Pose, ...]:
    """``n`` poses to make a poster for: 5 to 40 feet away, up to 35 degrees to the side, roughly cut out.

    Distances are uniform in their logarithm. Decided by the CPU ``generator`` alone.
    """
    numbers = torch.rand(n, 5, generator=generator, dtype=torch.float64, device="cpu").tolist()
    return tuple(
        Pose(
            distance=5 * 8**far,
            angle=35 * (2 * turn - 1),
            across=0.06 * (2 * across - 1),
            down=0.06 * (2 * down - 1),
            light=0.8 + 0.4 * light,
        )
        for far, turn, across, down, light in numbers
    )


@dataclass(frozen=True, eq=False)
class Street:
    """A sign's ``outline`` ``[1, 1, h, w]`` in [0, 1], backdrops ``[B, C, H, W]``, and a picture's size.

    Calling it with a sign ``[1, C, h, w]`` in [0, 1] and P poses gives what the camera sees,
    ``[P, C, *size]``, in [0, 1] and differentiable in the sign. Pose i stands before backdrop ``i % B``.
    """

    outline: Tensor
    backdrops: Tensor
    size: tuple[int, int]

    def __call__(self, sign: Tensor, poses: Sequence[Pose]) -> Tensor:
        """Raises ``ValueError`` for a sign without the size and channels of the street."""
        shape = (1, self.backdrops.shape[1], *self.outline.shape[2:])
        if sign.shape != shape:
            raise ValueError(f"sign must be of shape {list(shape)}; got {list(sign.shape)}")
        outline = self.outline.to(sign)
        layers = torch.cat([sign * outline, outline], 1).expand(len(poses), -1, -1, -1)
        matrices = torch.stack([pose.matrix for pose in poses])
        placed = warp(layers, matrices, (DETAIL, DETAIL), beyond="zeros")
        colour, cover = placed[:, :-1], placed[:, -1:]
        behind = F.interpolate(
            self.backdrops.to(sign), (DETAIL, DETAIL), mode="bilinear", antialias=True
        )
        behind = behind[torch.arange(len(poses), device="cpu") % len(behind)]
        sharp = colour + (1 - cover) * behind
        seen = [self._taken(x.unsqueeze(0), pose) for x, pose in zip(sharp, poses, strict=True)]
        return torch.cat(seen).clamp(0, 1)

    def _taken(self, picture: Tensor, pose: Pose) -> Tensor:
        """With the pixels that the camera has, then at the size of the result."""
        few = (min(pose.pixels, DETAIL),) * 2
        if pose.pixels < max(self.size):
            picture = F.interpolate(picture, few, mode="bilinear", antialias=True)
        return pose.light * F.interpolate(picture, self.size, mode="bilinear", antialias=True)


def in_street(sign: Tensor, outline: Tensor, scene: Tensor, pose: Pose) -> Tensor:
    """The whole picture that the camera takes, with the sign as large as it is from there.

    ``scene`` ``[1, C, H, W]`` is the street without it (``data.signs.street``), ``sign`` ``[1, C, h, w]``.
    The camera aims at the sign, on a pole. Of the shape of ``scene``, differentiable in the sign.
    """
    height, width = scene.shape[2:]
    foot = FOCAL / ACROSS * width / pose.distance  # pixels of one foot
    layers = torch.cat([sign * outline, outline], 1)
    matrix = pose.seen_as(SIGN * foot / width, SIGN * foot / height).unsqueeze(0)
    placed = warp(layers, matrix, (height, width), beyond="zeros")
    down = torch.arange(height, device=scene.device) + 0.5 - height / 2
    across = (torch.arange(width, device=scene.device) + 0.5 - width / 2).abs()
    upright = (down > 0) & (down < HEIGHT * foot)
    thin = (POLE / 2 * foot + 0.5 - across).clamp(0, 1)  # smooth edges
    pole = (upright.unsqueeze(1) * thin).to(scene)
    behind = scene + pole * (GREY - scene)
    return (placed[:, :-1] + (1 - placed[:, -1:]) * behind).mul(pose.light).clamp(0, 1)


def cut_out(picture: Tensor, pose: Pose, size: tuple[int, int]) -> Tensor:
    """The middle of ``in_street``'s picture, as a classifier gets it: ``FILL`` of its height is the sign.

    ``picture`` is ``[1, C, H, W]``; the result ``[1, C, *size]`` is made of the pixels that the camera has.
    Raises ``ValueError`` where the picture is smaller than the cut-out: from too near.
    """
    height, width = picture.shape[2:]
    side = max(2, 2 * round(FOCAL / ACROSS * width * SIGN / FILL / pose.distance / 2))
    if side > min(height, width):
        raise ValueError(
            f"distance must be large enough for a cut-out of {side} pixels to fit into the picture of "
            f"{width} by {height}; got {pose.distance:g} feet"
        )
    top, left = (height - side) // 2, (width - side) // 2
    part = picture[..., top : top + side, left : left + side]
    return F.interpolate(part, size, mode="bilinear", antialias=True)
