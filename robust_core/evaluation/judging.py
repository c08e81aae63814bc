"""Whether a model is still right, and whether a goal is reached on it, under each of its draws."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from robust_core.classifier import Classifier
from robust_core.evaluation.draws import drawn
from robust_core.goals import Goal, judged
from robust_core.modes import evaluating
from robust_core.probabilities import as_logits


@torch.no_grad()  # not inference_mode: a model may take gradients of its own while it answers
def fooled(
    model: Classifier,
    draw: int,
    attacked: nn.Module,
    images: Tensor,
    adversarial: Tensor,
    labels: Tensor,
    goal: Goal,
) -> Tensor:
    """Whether the goal of an attack on ``attacked`` is reached on ``model`` under a draw, bool ``[N]``."""
    with evaluating(model), evaluating(attacked), drawn(model, draw) as judge:
        after = as_logits(judge(adversarial))
        if not goal.needs_clean_logits:
            return goal.bind(labels, None).success(after).cpu()
        deployed, clean = (as_logits(asked(images)) for asked in (judge, attacked))
        return judged(goal, labels, deployed, clean).success(after).cpu()


def ranks_by_draw(
    model: Classifier, draws: Sequence[int], images: Tensor, labels: Tensor
) -> Tensor:
    """``ranks`` under each draw, ``[N, D]``."""
    columns = []
    for draw in draws:
        with drawn(model, draw) as judge:
            columns.append(ranks(judge, images, labels))
    return torch.stack(columns, 1)


@torch.no_grad()  # as above
def ranks(model: Classifier, images: Tensor, labels: Tensor) -> Tensor:
    """The number of classes before the label, int64 ``[N]``; ties go to the lower index.

    Logits that are not numbers put the label last.
    """
    with evaluating(model):
        logits = model(images.to(model.device)).cpu()
    labels = labels.cpu().unsqueeze(1)
    own = logits.gather(1, labels)
    earlier = torch.arange(logits.shape[1], device="cpu") < labels
    rank = ((logits > own) | ((logits == own) & earlier)).sum(1)
    return torch.where(logits.isnan().any(1), logits.shape[1], rank)


def right(
    model: Classifier, images: Tensor, labels: Tensor, count: int, batch: int = 256
) -> Tensor:
    """Indices of the first ``count`` pictures that the model gets right, fewer where there are fewer."""
    found: list[Tensor] = []
    for rows in torch.arange(len(labels), device="cpu").split(batch):
        found.append(rows[ranks(model, images[rows], labels[rows]) < 1])
        if sum(map(len, found)) >= count:
            break
    return torch.cat(found)[:count]
