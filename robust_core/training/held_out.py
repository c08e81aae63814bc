"""Training pictures that are set aside, chosen by a seed: a training is judged by them alone."""

import torch
from torch import Tensor

from robust_core.training.pictures import Split


def split_held_out(
    data: Split, held_out: int, seed: int, groups: Tensor | None = None
) -> tuple[Split, Split | None]:
    """``data`` without ``held_out`` pictures, and these; None where there are to be none.

    With ``groups``, a number for each picture ``[N]``, groups stay whole: of each class the same share of
    its groups is set aside, at least one and never all, so that there are about ``held_out`` pictures.
    """
    if not held_out:
        return data, None
    generator = torch.Generator().manual_seed(seed)
    if groups is None:
        order = torch.randperm(len(data[1]), generator=generator, device="cpu")
        kept, aside = order[held_out:], order[:held_out]
    else:
        chosen = torch.isin(groups, _whole_groups(data[1], groups, held_out, generator))
        kept, aside = (~chosen).nonzero().flatten(), chosen.nonzero().flatten()
    return (data[0][kept], data[1][kept]), (data[0][aside], data[1][aside])


def _whole_groups(
    labels: Tensor, groups: Tensor, held_out: int, generator: torch.Generator
) -> Tensor:
    """The groups of each class that are set aside, in one tensor."""
    found = []
    for label in labels.unique():
        own = groups[labels == label].unique()
        number = round(len(own) * held_out / len(labels))
        number = min(max(number, 1), len(own) - 1)
        order = torch.randperm(len(own), generator=generator, device="cpu")
        found.append(own[order[:number]])
    return torch.cat(found)
