"""Some pictures of a test set that an attack turned, made again to be looked at."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from robust_core.attacks import Attack
from robust_core.classifier import Classifier
from robust_core.defenses.base import Defended
from robust_core.modes import evaluating

BATCH = 8


@dataclass(frozen=True)
class Example:
    """Pictures ``[1, C, H, W]`` before and after, the true class, and what the model says afterwards."""

    clean: Tensor
    adversarial: Tensor
    label: int
    answer: int


def examples(
    model: Classifier,
    attack: Attack,
    pictures: tuple[Tensor, Tensor],
    count: int = 6,
    *,
    adaptive: bool = False,
    on_step: Callable[[], object] | None = None,
) -> list[Example]:
    """The first ``count`` of ``pictures`` that the model gets right, and no longer once attacked.

    These are images ``[N, C, H, W]`` and labels ``[N]``.
    Fewer where there are fewer. ``adaptive``: whether the attacker of a defended model is
    aware. ``on_step`` is called at each step of the attack.
    """
    images, labels = pictures
    run, attacked = attack, model
    if isinstance(model, Defended):
        run, attacked = model.attacked_by(attack, adaptive=adaptive)  # type: ignore[assignment]
    observer = None if on_step is None else lambda pictures, loss: on_step()
    found: list[Example] = []
    for rows in torch.arange(len(labels), device="cpu").split(BATCH):
        clean, true = images[rows].to(model.device), labels[rows].to(model.device)
        right = _answers(model, clean) == true
        if not right.any():
            continue
        clean, true = clean[right], true[right]
        adversarial = run.run(attacked, clean, true, observer=observer).x_adv
        answers = _answers(model, adversarial)
        for i in (answers != true).nonzero().flatten().tolist():
            pair = (clean[i : i + 1].cpu(), adversarial[i : i + 1].cpu())
            found.append(Example(*pair, int(true[i]), int(answers[i])))
        if len(found) >= count:
            break
    return found[:count]


@torch.no_grad()
def _answers(model: nn.Module, images: Tensor) -> Tensor:
    with evaluating(model):
        return model(images).argmax(1)
