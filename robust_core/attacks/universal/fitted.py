"""Universal: what was fitted to many pictures, to be applied to these and to others, kept in a file."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from torch import Tensor

from robust_core.attacks.checks import check_batch, round_towards
from robust_core.attacks.universal import keeping
from robust_core.contract import HALF


@dataclass(frozen=True, eq=False)
class Universal:
    """One perturbation ``delta`` for all pictures, float32 ``[1, C, H, W]``, unclipped, and its record.

    ``record`` holds plain values: ``attack``, ``parameters``, ``eps``, ``norm``, ``model`` (None where it
    has no name), ``weights_sha256``, ``size`` ``[C, H, W]`` of the pictures, ``n`` fitted to, ``goal``,
    ``goal_parameters``, ``curve`` (share fooled after each pass), ``dominant`` (the labels that absorb
    most pictures, with their shares), ``queries`` and ``gradients`` (passes over single pictures).
    """

    delta: Tensor
    record: dict[str, Any] = field(default_factory=dict)
    kind: ClassVar[str] = "perturbation"

    def __post_init__(self) -> None:
        object.__setattr__(self, "delta", self.delta.detach().to("cpu", torch.float32))
        self._check()

    def _check(self) -> None:
        keeping.check_delta(self.delta)

    def noted(self, **more: Any) -> Self:
        """A copy with more in its record, such as the data."""
        return replace(self, record=self.record | more)

    def apply(self, images: Tensor, labels: Tensor | None = None) -> Tensor:
        """``images`` ``[N, C, H, W]`` with the perturbation, clipped to [0, 1]: same dtype and device.

        ``labels`` are not read: it is the same for all. Raises ``ValueError`` unless ``images`` are
        pictures in [0, 1] of its size.
        """
        start, work = self._ready(images)
        return round_towards((work + self.delta.to(work.device, work.dtype)).clamp_(0, 1), start)

    def _ready(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """``images``, checked, as given and as worked on."""
        check_batch(images)
        if self._misfits(images):
            raise ValueError(f"images must be {self._fits}; got {list(images.shape)}")
        start = images.detach()
        return start, start.float() if start.dtype in HALF else start

    @property
    def size(self) -> list[int]:
        """``[C, H, W]`` of the pictures that it is for."""
        return list(self.delta.shape[1:])

    def _misfits(self, images: Tensor) -> bool:
        return list(images.shape[1:]) != self.size

    @property
    def _fits(self) -> str:
        return f"[N, {', '.join(map(str, self.size))}], as those that it was fitted to"

    def save(self, path: str | Path) -> None:
        """Write it as safetensors, whole or not at all, with its record as strict JSON."""
        keeping.save(Path(path), self.kind, self.delta, self.record)

    @staticmethod
    def load(path: str | Path) -> "Universal":
        """What ``save`` wrote. Raises ``ValueError``, naming the file, for anything else."""
        return from_bytes(keeping.content(Path(path)), Path(path).name)


def from_bytes(content: bytes, called: str) -> Universal:
    """A perturbation or a patch from the bytes of a file. Raises ``ValueError`` for anything else."""
    from robust_core.attacks.universal.patches import PatchUniversal

    kind, delta, record = keeping.read(content, called)
    kinds = {one.kind: one for one in (Universal, PatchUniversal)}
    if kind not in kinds:
        raise ValueError(f"{called} is of the kind {kind!r}; it must be one of {', '.join(kinds)}")
    try:
        return kinds[kind](delta, record)
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{called} is damaged: {error}") from error
