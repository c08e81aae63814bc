"""One picture before a random defence: how often it reaches its goal in fresh draws, and a typical one."""

import torch
from torch import Tensor

from robust_core.defenses import Defended
from robust_core.defenses.noisy import Noisy
from robust_core.evaluation.draws import Chance, count_for, fresh
from robust_core.goals import Aim
from robust_core.modes import evaluating
from robust_core.probabilities import as_logits
from robust_core.progress import Progress, part


def judged_afresh(
    model: Defended, picture: Tensor, aim: Aim, progress: Progress | None = None
) -> tuple[Chance, Defended]:
    """The chance that ``picture`` ``[1, C, H, W]`` reaches ``aim``; ``model`` under a draw like most.

    The draws are other ones than that of ``model`` itself, which the attacker may have fitted.
    ``progress(votes done, n)`` is called where votes are counted, n being those of all draws.
    """
    draws = fresh(count_for(model))
    picture = picture.to(model.device)
    reached = []
    for k, draw in enumerate(draws):
        with evaluating(model), torch.no_grad():
            answers = _ask(model.redrawn(draw), picture, k, len(draws), progress)
        reached.append(bool(aim.success(answers.cpu().double())[0]))
    chance = Chance(sum(reached), len(reached))
    return chance, model.redrawn(draws[reached.index(chance.succeeds)])


def _ask(model: Defended, picture: Tensor, k: int, draws: int, progress: Progress | None) -> Tensor:
    defense = model.defense
    if isinstance(defense, Noisy):
        counting = part(progress, k * defense.n, draws * defense.n)
        return defense.log_shares(defense.counts(model.base, picture, counting))
    return as_logits(model(picture))
