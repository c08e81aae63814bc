"""One training by many processes: each works on its rows of every batch, and all take the same step.

The gradients of the rows are added up over all processes before each step, which is what
``DistributedDataParallel`` does; its wrapper is of no use here, as objectives ask networks for more than
``forward`` (bounds, noise inside, a frozen copy to craft on) and several times a step. Batch normalisations
take their statistics over the rows of all processes, as ``SyncBatchNorm`` does on GPUs alone. So a training
by many processes differs from that by one in the order in which numbers are added up, and in nothing else.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from types import MethodType
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from robust_core import processes
from robust_core.training.objectives import Rows


def rows_of(whole: int) -> Rows | None:
    """The rows of a batch that are this process's own; None where each works on all of them.

    That is so in one process, and for a batch with fewer pictures than there are processes.
    """
    here = processes.world()
    if here.size == 1 or whole < here.size:
        return None
    first, end = (whole * rank // here.size for rank in (here.rank, here.rank + 1))
    return Rows(first, end - first, whole)


@torch.no_grad()
def add_up(parameters: Iterable[Tensor], loss: Tensor) -> Tensor:
    """Replace the gradients by their sums over all processes; returns that of ``loss``, a scalar."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    everything = torch.cat([*(g.flatten() for g in gradients), loss.detach().flatten()])
    dist.all_reduce(everything)
    *parts, total = everything.split([*(g.numel() for g in gradients), 1])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))
    return total[0]


def count_all(count: int) -> int:
    """The sum of a whole number over all processes."""
    total = torch.tensor(count, dtype=torch.int64, device="cpu")
    dist.all_reduce(total)
    return int(total)


@contextmanager
def shared_statistics(model: nn.Module) -> Iterator["Statistics"]:
    """Within the block the batch normalisations of ``model`` normalise by all rows, where asked to.

    Copies of the model that are in eval mode are as ever.
    """
    statistics = Statistics()
    norms: list[Any] = [m for m in model.modules() if isinstance(m, _BatchNorm)]
    if processes.world().size == 1:
        norms = []
    for norm in norms:
        norm.statistics = statistics
        norm.forward = MethodType(_forward, norm)
    try:
        yield statistics
    finally:
        for norm in norms:
            del norm.forward, norm.statistics


class Statistics:
    """Whether batch normalisations take their statistics over all processes now."""

    shared = False


class _Sum(torch.autograd.Function):
    """The sum over all processes; the gradient is the sum of theirs."""

    @staticmethod
    def forward(ctx: Any, values: Tensor) -> Tensor:
        total = values.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        total = gradient.contiguous().clone()
        dist.all_reduce(total)
        return total


def _sum(values: Tensor) -> Tensor:
    total: Tensor = _Sum.apply(values)
    return total


def _forward(norm: Any, x: Tensor) -> Tensor:
    """Batch normalisation (Ioffe and Szegedy, 2015, algorithm 1) over the rows of all processes."""
    if not (norm.training and norm.statistics.shared):
        return type(norm).forward(norm, x)
    values = x.float() if x.dtype in (torch.bfloat16, torch.float16) else x
    axes = [0, *range(2, x.dim())]
    shape = [1, -1, *(1 for _ in axes[1:])]
    count = x.numel() / x.shape[1]
    counted = _sum(torch.cat([values.sum(axes), values.new_tensor([count])]))
    n = counted[-1].detach()
    mean = counted[:-1] / n
    centred = values - mean.view(shape)
    variance = _sum(centred.square().sum(axes)) / n
    with torch.no_grad():
        norm.num_batches_tracked += 1
        norm.running_mean.lerp_(mean, norm.momentum)
        norm.running_var.lerp_(variance * n / (n - 1), norm.momentum)
    scale = torch.rsqrt(variance + norm.eps) * norm.weight
    return (centred * scale.view(shape) + norm.bias.view(shape)).to(x.dtype)
