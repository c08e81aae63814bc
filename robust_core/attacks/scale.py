"""The scale of logits: neither squares nor fixed constants bear one that is far from ordinary.

The answers, and so the way to change them, are the same for logits z and 1e25 z. In float32 the square of
such a gradient is infinite, and that of a tiny one 0. So where a picture's logits are out of the
ordinary, attacks take gradients and margins in a unit of its own: a power of two, which rounds nothing.
"""

import math

import torch
from torch import Tensor

ORDINARY = (1.0, 4096.0)
"""Spreads of logits that are taken as they are: those of all networks here, distilled ones included."""
COMPARABLE = (2.0**-10, 2.0**20)
"""Spreads that can still be weighed against a detector's log-odds in float32, for attacks on a pair."""
USUAL = 5
"""Others are brought to a spread from 2^4 up to 2^5."""


def spread(logits: Tensor) -> Tensor:
    """Largest logit minus least finite one, ``[N]``: classes at minus infinity are ruled out."""
    low = logits.masked_fill(logits == -math.inf, math.inf).amin(1)
    return (logits.amax(1) - low).clamp_min_(0)


def factors(logits: Tensor, ordinary: tuple[float, float]) -> Tensor:
    """Powers of two ``[N]`` that bring the spreads to the usual; 1 for the ordinary and for no spread."""
    wide = spread(logits.double())
    least, most = ordinary
    odd = wide.isfinite() & (wide > 0) & ((wide < least) | (wide > most))
    _, exponent = torch.frexp(wide.masked_fill(~odd, 1))
    limit = int(-math.log2(torch.finfo(logits.dtype).tiny))
    power = torch.ldexp(torch.ones_like(wide), (USUAL - exponent).clamp_(-limit, limit))
    return power.masked_fill_(~odd, 1).to(logits.dtype)


class Units:
    """The factor of each of N pictures, fixed by the first answer about it.

    A factor that followed the logits from step to step would make steps incomparable.
    """

    def __init__(self, size: int, ordinary: tuple[float, float] = ORDINARY) -> None:
        self.size = size
        self.ordinary = ordinary
        self._factors: Tensor | None = None
        self._known = False

    def see(self, logits: Tensor, rows: Tensor | None) -> None:
        """``logits`` are of the pictures ``rows`` (None: all). The first call is about all ever asked."""
        if self._known:
            return
        self._known = True
        low, high = logits.detach().aminmax(dim=1)
        least, most = self.ordinary
        if all(least <= wide <= most for wide in (high - low).tolist()):
            return  # nearly always, and quicker to see
        found = factors(logits.detach(), self.ordinary)
        if (found == 1).all():
            return
        self._factors = found.new_ones(self.size)
        self._factors[slice(None) if rows is None else rows] = found

    def of(self, rows: Tensor | None) -> Tensor | None:
        """The factors of the pictures ``rows`` (None: all), ``[n]``; None where every one is 1."""
        return self._factors if self._factors is None or rows is None else self._factors[rows]
