"""The substitute as it learns: a few epochs on what it is given, and the way to new pictures."""

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad

from robust_core.attacks.transfer.networks import build

BATCH = 128
AT_ONCE = 256
"""Pictures of a pass that teaches, and of one that does not."""
SHIFT = 8
"""A picture is shifted by up to one over this of its sides: 4 pixels of 32."""


class Lesson(Protocol):
    """The hyper-parameters of the attack that say how the substitute learns."""

    @property
    def epochs(self) -> int: ...
    @property
    def learning_rate(self) -> float: ...
    @property
    def network(self) -> str: ...
    @property
    def maker(self) -> object | None: ...
    @property
    def augment(self) -> bool: ...


@contextmanager
def learning() -> Iterator[None]:
    """Autograd as usual inside, whatever the caller has switched off."""
    with torch.inference_mode(False), torch.enable_grad():
        yield


class Learner:
    """The substitute while it learns: pictures like ``like``, ``classes`` classes."""

    def __init__(
        self, lesson: Lesson, like: Tensor, classes: int, generator: torch.Generator
    ) -> None:
        self.epochs = lesson.epochs
        self.augment = lesson.augment
        self.generator = generator
        shape = like.shape[1:]
        if self.augment and len(shape) != 3:
            raise ValueError(
                f"augment must be False for data that are not pictures; got {list(shape)}"
            )
        with learning():
            if lesson.maker is None:
                network = build(lesson.network, shape, classes, generator)
            else:
                made: Any = lesson.maker
                network = copy.deepcopy(made.build(shape, classes))
            self.network = network.to(like.device, like.dtype).requires_grad_()
            self.adam = torch.optim.Adam(self.network.parameters(), lr=lesson.learning_rate)

    def learn(self, x: Tensor, labels: Tensor, tell: Callable[[int], object] | None) -> None:
        """Some epochs on ``x`` ``[n, C, H, W]`` with ``labels`` ``[n]``.

        ``tell`` is called with the number of epochs done, before each batch and after each epoch.
        """
        for epoch in range(self.epochs):
            self._epoch(x, labels, partial(tell, epoch) if tell else None)
            if tell is not None:
                tell(epoch + 1)
        self.network.eval()

    def _epoch(self, x: Tensor, labels: Tensor, breathe: Callable[[], object] | None) -> None:
        self.network.train()
        order = torch.randperm(len(x), generator=self.generator, device="cpu").to(x.device)
        with learning():
            for rows in order.split(BATCH):
                if breathe is not None:
                    breathe()
                shown = varied(x[rows], self.generator) if self.augment else x[rows]
                loss = cross_entropy(self.network(shown), labels[rows])
                self.adam.zero_grad()
                loss.backward()
                self.adam.step()

    def copied(self) -> nn.Module:
        """The network as it is now, no longer to be taught."""
        with torch.inference_mode(False):
            return copy.deepcopy(self.network).requires_grad_(False).eval()

    def beyond(self, x: Tensor, labels: Tensor, step: float) -> Tensor:
        """``x`` ``[n, C, H, W]``, each moved by ``step`` along the sign of its label's logit, in [0, 1]."""
        parts = []
        with learning():
            for rows in torch.arange(len(x), device=x.device).split(AT_ONCE):
                leaf = x[rows].requires_grad_()
                own = self.network(leaf).gather(1, labels[rows].unsqueeze(1)).sum()
                (slope,) = torch.autograd.grad(own, leaf)
                parts.append(torch.add(leaf.detach(), slope.sign(), alpha=step).clamp_(0, 1))
        return torch.cat(parts)


def varied(x: Tensor, generator: torch.Generator) -> Tensor:
    """``x`` ``[n, C, H, W]``, each mirrored or not, and shifted at random; the rest repeats the edge."""
    count, _, height, width = x.shape
    drawn = torch.rand(count, 3, generator=generator, device="cpu", dtype=torch.float64)
    mirrored = (drawn[:, 0] < 0.5).to(x.device)
    x = torch.where(mirrored[:, None, None, None], x.flip(3), x)
    down, right = height // SHIFT, width // SHIFT
    framed = pad(x, (right, right, down, down), mode="replicate")
    rows, columns = (
        (draw * (2 * most + 1)).long().to(x.device)[:, None]
        + torch.arange(side, dtype=torch.int64, device=x.device)
        for draw, most, side in zip(drawn.T[1:], (down, right), (height, width), strict=True)
    )
    which = torch.arange(count, dtype=torch.int64, device=x.device)[:, None, None]
    return framed[which, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
