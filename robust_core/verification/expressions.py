"""A network over a box, written out: neurons as affine expressions of pixels and of unstable ReLUs.

Stable ReLUs are affine there, so that only the unstable ones need variables of their own. An expression
is a tensor ``[1 + V, *shape]``: the constant, then the coefficient of each of the V variables, of which
the first are the pixels. Convolutions are applied to all coefficients at once and need not be unrolled.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.verification.intervals import Interval
from robust_core.verification.network import Network


@dataclass
class Program:
    """What linear and integer programs are made of, for one picture.

    ``logits`` ``[1 + V, K]``; ``reads`` ``[1 + V, U]``: what each of the U unstable ReLUs reads;
    ``low`` and ``high`` ``[U]`` bound that. ``pixels`` is the number of pixels; variable ``pixels + k``
    is what unstable ReLU k gives.
    """

    logits: Tensor
    reads: Tensor
    low: Tensor
    high: Tensor
    pixels: int


def cells(network: Network) -> int:
    """Numbers in the expressions of all values by the pixels alone: what linear programs hold in memory."""
    return (1 + torch.Size(network.size).numel()) * sum(
        torch.Size(network.shape_of(k)).numel() for k in range(network.output + 1)
    )


def written_out(network: Network, known: list[Interval]) -> Program:
    """The program of one picture, from bounds ``[*shape]`` of its values."""
    pixels = torch.Size(network.size).numel()
    bounds = [known[k] for k in network.activations]
    width = 1 + pixels + sum(int(((low < 0) & (high > 0)).sum()) for low, high in bounds)
    like = known[0][0]
    picture = torch.zeros(width, pixels, dtype=like.dtype, device=like.device)
    picture[1 : 1 + pixels] = torch.eye(pixels, dtype=like.dtype, device=like.device)
    values = [picture.view(width, *network.size)]
    reads, lows, highs = [], [], []
    taken = 1 + pixels
    for step in network.steps:
        result = step.of_forms(values)
        if result is None:
            given = values[step.inputs[0]]
            below, above = known[step.inputs[0]]
            loose = (below < 0) & (above > 0)
            result = (given * (below >= 0)).contiguous()
            new = int(loose.sum())
            flat = result.view(width, -1)
            places = loose.flatten().nonzero().squeeze(1)
            flat[torch.arange(taken, taken + new, device=flat.device), places] = 1
            reads.append(given.reshape(width, -1)[:, places])
            lows.append(below.flatten()[places])
            highs.append(above.flatten()[places])
            taken += new
        values.append(result)

    def joined(parts: list[Tensor], axis: int, empty: Tensor) -> Tensor:
        return torch.cat(parts, axis) if parts else empty

    return Program(
        logits=values[-1],
        reads=joined(reads, 1, picture.new_zeros(width, 0)),
        low=joined(lows, 0, picture.new_zeros(0)),
        high=joined(highs, 0, picture.new_zeros(0)),
        pixels=pixels,
    )
