"""Gradients for aware attackers: straight through the defence (BPDA), averaged over its draws (EOT).

Athalye, Carlini, Wagner (2018), sections 4.1 and 4.2.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils.checkpoint import checkpoint

from robust_core.probabilities import as_logits

PICTURES = 512
"""Pictures whose graph is kept at once; of more, graphs are recomputed in the backward pass."""
VALUES = 2**22
"""Pixel values that go through a network at once."""

DEPLOYED, EXPECTED, SELECTION = range(3)
"""What random draws are for, each with its own: the answer, an attacker's mean, a certificate's guess."""


class _Exactly(torch.autograd.Function):
    """``exact`` in the forward pass, the gradient of ``stand_in`` in the backward pass."""

    @staticmethod
    def forward(context, stand_in: Tensor, exact: Tensor) -> Tensor:
        return exact.clone()

    @staticmethod
    def backward(context, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient, None


def straight_through(exact: Tensor, stand_in: Tensor) -> Tensor:
    """``exact``, to the last bit, with the gradient of ``stand_in`` of the same shape: BPDA.

    For a filter whose output is close to its input, the input itself is the stand-in.
    """
    return _Exactly.apply(stand_in, exact.detach())


def in_chunks(ask: Callable[[Tensor, Tensor], Tensor], *inputs: Tensor) -> Tensor:
    """``ask(*inputs)`` a few rows at a time, without keeping the graphs of many rows in memory.

    ``ask`` returns one row for each row of the inputs.
    """
    size = max(1, min(PICTURES, VALUES // max(1, inputs[0][0].numel())))
    many = len(inputs[0]) > size and torch.is_grad_enabled()
    chunks = zip(*(x.split(size) for x in inputs), strict=True)
    if many:
        return torch.cat([checkpoint(ask, *chunk, use_reentrant=False) for chunk in chunks])
    return torch.cat([ask(*chunk) for chunk in chunks])


def log_mean(logits: Tensor, draws: int) -> Tensor:
    """Logits ``[N * draws, K]``, each picture's together, to ``log E softmax`` ``[N, K]``.

    The expected probabilities of a randomised model, in a form that does not underflow.
    """
    log_p = as_logits(logits).log_softmax(1).unflatten(0, (-1, draws))
    return log_p.logsumexp(1) - math.log(draws)
