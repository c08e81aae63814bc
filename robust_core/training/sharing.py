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
import torch.nn.functional as F
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

    Copies of the model that are in eval mode are not affected.
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


def _forward(norm: Any, x: Tensor) -> Tensor:
    """``forward`` of a batch normalisation, over the rows of all processes where asked to."""
    if not (norm.training and norm.statistics.shared):
        return type(norm).forward(norm, x)
    y: Tensor = _BatchNormOfAll.apply(x, norm.weight, norm.bias, norm)
    return y


class _BatchNormOfAll(torch.autograd.Function):
    """Batch normalisation (Ioffe and Szegedy, 2015, algorithm 1) over the rows of all processes.

    By torch's own kernels for one process, and one message between them each way: a pass over memory costs
    as much as a convolution here.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, norm: Any) -> Tensor:
        # With momentum 0 the running statistics stay as they are, and say what precision is wanted.
        mean, variance = torch.ops.aten.batch_norm_update_stats(
            x, norm.running_mean, norm.running_var, 0.0
        )
        own = x.numel() // x.shape[1]
        mean, variance, n = _merged(mean, variance, own)
        norm.num_batches_tracked += 1
        norm.running_mean.lerp_(mean, norm.momentum)
        norm.running_var.lerp_(variance * n / (n - 1), norm.momentum)
        ctx.save_for_backward(x, weight, mean, variance)
        ctx.eps, ctx.n = norm.eps, n
        return F.batch_norm(x, mean, variance, weight, bias, False, 0.0, norm.eps)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        x, weight, mean, variance = ctx.saved_tensors
        # With fixed statistics, for which the last two are sums over these rows.
        along, of_weight, of_bias = torch.ops.aten.native_batch_norm_backward(
            gradient, x, weight, mean, variance, None, None, False, ctx.eps, [True] * 3
        )
        sums = torch.stack([of_weight, of_bias])
        dist.all_reduce(sums)
        scale = weight * torch.rsqrt(variance + ctx.eps) / ctx.n
        # What comes by way of the statistics: (x - mean) / deviation times the first sum, and the second.
        factor, shift = scale * sums
        by_statistics = F.batch_norm(x, mean, variance, factor, shift, False, 0.0, ctx.eps)
        return along.sub_(by_statistics), of_weight, of_bias, None


def _merged(mean: Tensor, variance: Tensor, own: int) -> tuple[Tensor, Tensor, int]:
    """Mean and variance over all rows, and their number, from those of this process's ``own``."""
    told = torch.stack([mean, variance, torch.full_like(mean, own)])
    heard = [torch.empty_like(told) for _ in range(dist.get_world_size())]
    dist.all_gather(heard, told)
    means, variances, counts = torch.stack(heard).unbind(1)
    n = counts.sum(0)
    whole = (counts * means).sum(0) / n
    spread = counts * (variances + (means - whole).square())
    return whole, spread.sum(0) / n, int(n[0])
