"""Counting a randomised model's votes on one picture, in batches."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from robust_core.attacks.checks import check_batch, check_logits
from robust_core.certify.checks import between, whole
from robust_core.progress import Progress

BLOCK = 32
"""Draws of noise made at once, whatever the batch is."""


def one_picture(image: Tensor) -> Tensor:
    """``image``, ``[C, H, W]`` or ``[1, C, H, W]`` in [0, 1], as ``[1, C, H, W]``, float32 or float64.

    Raises ``ValueError`` for anything else.
    """
    if isinstance(image, Tensor) and image.ndim == 3:
        image = image[None]
    check_batch(image)
    if image.ndim != 4 or len(image) != 1:
        raise ValueError(
            f"image must be one picture [C, H, W] or [1, C, H, W]; got shape {list(image.shape)}"
        )
    return image.detach() if image.dtype == torch.float64 else image.detach().float()


def too_few(n: int, alpha: float, bounds: int = 1) -> str | None:
    """A sentence where ``n`` votes cannot give any certificate, even if all agree; None where they can.

    All agreeing, they prove a probability of ``risk ** (1 / n)``, which must exceed 1/2: ``risk`` is how
    often that bound may be wrong, ``alpha`` shared among all ``bounds``. Raises ``ValueError`` for bad
    arguments.
    """
    n = whole("n", n, 1)
    alpha = between("alpha", alpha, 0, 1)
    risk = alpha / bounds
    if risk ** (1 / n) > 0.5:
        return None
    least = math.floor(-math.log2(risk)) + 1
    return (
        f"{n:,} vote{'s' * (n != 1)} cannot give a certificate at alpha {alpha:g}, even if all agree: "
        f"it takes at least {least:,}."
    )


def tally(
    ask: Callable[[int], Tensor], n: int, batch: int, progress: Progress | None = None
) -> Tensor:
    """How often each class is the most probable one: int64 ``[K]`` on the CPU, summing to ``n``.

    Args:
        ask: gives the logits ``[size, K]`` of ``size`` new draws. A tie is a vote for the lowest index.
        n: how many draws, at least 1.
        batch: most draws asked for at once.
        progress: called as ``progress(draws done, n)`` after each batch; what it raises ends it.

    Raises:
        ValueError: ``n`` or ``batch`` below 1, logits of another shape, or NaN logits, which would all
            be votes for one class.
    """
    n = whole("n", n, 1)
    batch = whole("batch", batch, 1)
    votes: Tensor | int = 0
    for done in range(0, n, batch):
        size = min(batch, n - done)
        logits = ask(size)
        check_logits(logits, torch.empty(size, 0, dtype=torch.float32, device="cpu"))
        if logits.isnan().any():
            raise ValueError("model must return numbers as logits; it returned NaN")
        votes = votes + torch.bincount(logits.argmax(1), minlength=logits.shape[1])
        if progress is not None:
            progress(done + size, n)
    assert isinstance(votes, Tensor)  # n is at least 1
    return votes.cpu()


class NoiseStream:
    """A stream of standard normal draws of one shape that does not depend on how it is split.

    In PyTorch, two draws of size one differ from one draw of size two, so draws are made in blocks of a
    fixed size and handed out from these.
    """

    def __init__(
        self, shape: tuple[int, ...], dtype: torch.dtype, generator: torch.Generator
    ) -> None:
        self._generator = generator
        self._waiting = torch.empty(0, *shape, dtype=dtype, device=generator.device)

    def take(self, size: int) -> Tensor:
        """The next ``size`` draws, ``[size, *shape]``, on the generator's device."""
        kept = self._waiting
        blocks = [
            torch.empty(BLOCK, *kept.shape[1:], dtype=kept.dtype, device=kept.device).normal_(
                generator=self._generator
            )
            for _ in range(-(-(size - len(kept)) // BLOCK))
        ]
        drawn = torch.cat([kept, *blocks])
        self._waiting = drawn[size:].clone()  # a view would keep the whole block alive
        return drawn[:size]
