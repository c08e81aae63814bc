"""A poster for a road sign: which is asked for, the ready ones, and making one live."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from robust_core import zoo
from robust_core.attacks.physical.rp2 import Poster
from robust_core.dashboard import lab
from robust_core.data import signs
from robust_core.data.fitting import to_pixels
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.evaluation.physical import plan, posters
from robust_core.zoo.bundled_posters import BundledPoster, entry_of

MODEL = plan.SIGN_MODEL
SHOWN = 192
"""Pixels a side of a sign on the page while its poster is made."""


@dataclass(frozen=True)
class Growing:
    """A poster after ``step`` of all ``steps`` of its making; its losses are those of the stage."""

    poster: Poster
    step: int
    steps: int

    @property
    def begun(self) -> bool:
        """Whether anything of the sign has changed yet."""
        return bool(self.poster.area.any())


@dataclass(frozen=True)
class Asked:
    """A poster to be made in ``steps`` steps, for so many ``places``."""

    plan: plan.PosterPlan
    steps: int
    places: int

    @property
    def key(self) -> str:
        return key_of(
            poster=plan.METHOD.parameters | {"steps": self.steps},
            model=MODEL,
            sign=self.plan.sign,
            target=self.plan.target,
            area=self.plan.area,
            places=self.places,
        )

    @property
    def total(self) -> int:
        """Steps of all stages."""
        return self.steps * (2 if self.plan.area == "found" else 1)

    def work(self, progress: Reporter) -> Poster:
        """Called in a thread of the engine. Each step is shown to those who wait."""
        progress(0, self.total)
        method, finding = (m.changed(steps=self.steps) for m in (plan.METHOD, plan.FINDING))

        def on(device: torch.device) -> Poster:
            losses: list[float] = []
            stages: list[str] = []
            clean, _ = signs.draw(self.plan.sign, plan.SIDE)

            def seen(stage: str, k: int, n: int, x: Tensor, loss: float) -> None:
                if k == 0:
                    stages.append(stage)
                    losses.clear()
                losses.append(loss)
                step = (len(stages) - 1) * n + k
                progress.show(Growing(unfinished(clean, x.cpu(), losses), step, self.total))
                progress(step, self.total)

            return posters.fit(
                zoo.load(MODEL, device),
                self.plan,
                seen,
                method=method,
                finding=finding,
                places=self.places,
            ).on(torch.device("cpu"))

        return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)

    def run(self, draw: Callable[[Growing], object]) -> Poster | None:
        """Make it with a bar, a button that stops it, and the sign as it changes."""
        return lab.compute(
            self.key,
            self.work,
            channel="poster",
            doing=f"Making it for {self.places} random places",
            words=lambda k, n: f"step {k:,} of {n:,}",
            watch=draw,
            kept=told_of,
        )

    @property
    def so_far(self) -> Growing | None:
        """What was made before the visitor stopped it; None where nothing was."""
        growing = lab.so_far(self.key)
        return growing if growing is not None and growing.begun else None


def told_of(growing: Growing) -> str:
    """What is left of a making that was stopped."""
    if not growing.begun:
        return "Nothing has been changed yet."
    return (
        f"What {growing.step:,} of {growing.steps:,} steps have made stays on the sign, unfinished."
    )


def unfinished(sign: Tensor, changed: Tensor, losses: Sequence[float]) -> Poster:
    """A poster while it is made: its area is what has changed of the sign, and nobody has judged it."""
    area = (changed != sign).any(1, keepdim=True)
    return Poster(
        sign, changed, area, float("nan"), torch.tensor(losses, dtype=torch.float64, device="cpu")
    )


def bundled(asked: plan.PosterPlan) -> BundledPoster | None:
    """The ready one for this sign, target and area."""
    name = plan.bundled(asked)
    return None if name is None else load(name)


def load(name: str) -> BundledPoster:
    """A bundled one, read once for as long as its entry in the index is the same."""
    return _load(name, entry_of(name)["sha256"])


@lru_cache(maxsize=4)
def _load(name: str, sha256: str) -> BundledPoster:
    return zoo.load_poster(name)


def bare(name: str) -> Poster:
    """A sign on which nothing is put."""
    sign, _ = signs.draw(name, plan.SIDE)
    nowhere = torch.zeros(1, 1, *sign.shape[2:], dtype=torch.bool, device="cpu")
    return Poster(sign, sign, nowhere, 0.0, torch.zeros(0, dtype=torch.float64, device="cpu"))


def in_frame(sign: Tensor, name: str) -> np.ndarray:
    """A sign in its frame before white paper, uint8 ``[h, w, 3]``."""
    _, outline = signs.draw(name, sign.shape[-1])
    return to_pixels(sign * outline + (1 - outline))[0]
