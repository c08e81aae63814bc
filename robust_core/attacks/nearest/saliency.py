"""Saliency maps: which pair of values, or which one, helps a goal most (Papernot et al., 2016, eq. 8)."""

import torch
from torch import Tensor

from robust_core.attacks.nearest.sparse import together

PICKS = ("pairs", "single")


def most_salient(gain: Tensor, loss: Tensor, counted: str, picked: str) -> Tensor:
    """Bool ``[N, M]``: the values, or pixels, with the largest (sum of gains) * (sum of losses).

    ``gain`` is what each value ``[N, C, H, W]`` adds to the goal, ``loss`` what it takes from everything
    against it; both sums have to be positive, else no value is picked. Gains and losses of 0 mean that a
    value cannot move; a value of which only one is 0 may still help another one.
    """
    a, b = together(gain, counted), together(loss, counted)
    still = (a == 0) & (b == 0)
    a, b = a.masked_fill(still, -torch.inf), b.masked_fill(still, -torch.inf)
    chosen = torch.zeros_like(a, dtype=torch.bool)
    if picked == "single" or a.shape[1] == 1:
        value, best = torch.where((a > 0) & (b > 0), a * b, 0).max(1)
        return chosen.scatter_(1, best.unsqueeze(1), (value > 0).unsqueeze(1))
    first, second, helps = best_pair(a, b)
    chosen.scatter_(1, first.unsqueeze(1), helps.unsqueeze(1))
    return chosen.scatter_(1, second.unsqueeze(1), helps.unsqueeze(1))


def best_pair(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Indices ``[N]`` of the two columns with the largest (a_p + a_q) * (b_p + b_q), and whether it helps.

    The best of all pairs, without looking at all of them: where two other columns are at least as good as
    one in both respects, one of the two can take its place. So only columns that at most one other outdoes
    matter.
    """
    order = b.argsort(dim=1, descending=True, stable=True)
    order = order.gather(1, a.gather(1, order).argsort(dim=1, descending=True, stable=True))
    sorted_a, sorted_b = a.gather(1, order), b.gather(1, order)
    highest = sorted_b.cummax(1).values
    before = highest.roll(1, dims=1)
    before[:, 0] = -torch.inf
    second = torch.minimum(sorted_b, before).cummax(1).values.roll(1, dims=1)
    second[:, 0] = -torch.inf
    matters = (sorted_b > second) & sorted_a.isfinite()
    matters[:, :2] = True
    most = int(matters.sum(1).max())
    places = matters.to(torch.uint8).sort(dim=1, descending=True, stable=True).indices[:, :most]
    kept = matters.gather(1, places)
    a = sorted_a.gather(1, places).masked_fill(~kept, -torch.inf)
    b = sorted_b.gather(1, places).masked_fill(~kept, -torch.inf)
    gain, loss = a.unsqueeze(2) + a.unsqueeze(1), b.unsqueeze(2) + b.unsqueeze(1)
    product = torch.where((gain > 0) & (loss > 0), gain * loss, 0)
    product.diagonal(dim1=1, dim2=2).zero_()
    value, best = product.flatten(1).max(1)
    rows = torch.arange(len(a), device=a.device)
    columns = order.gather(1, places)
    return columns[rows, best // most], columns[rows, best % most], value > 0
