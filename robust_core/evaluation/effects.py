"""What one attack does to some pictures of a test set, counted picture by picture."""

import time
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from robust_core import probabilities
from robust_core.attacks import Attack
from robust_core.attacks.knowledge import LABELS_ALONE
from robust_core.classifier import Classifier
from robust_core.data.fitting import to_pixels
from robust_core.defenses.base import Defended
from robust_core.detectors.base import Detector
from robust_core.evaluation.judging import fooled, ranks_by_draw
from robust_core.goals import Goal


class AttackEffect(NamedTuple):
    """What an attack did, one entry per picture. A rank is the number of classes before the label.

    Ranks and success are ``[N, D]``, a column for each of D draws of the model; the others ``[N]``.
    ``flagged`` is what a detector says about the adversarial picture, false where none is asked.
    """

    rank: Tensor
    rank_8bit: Tensor
    success: Tensor
    l0: Tensor
    l1: Tensor
    l2: Tensor
    linf: Tensor
    queries: Tensor
    gradients: Tensor
    flagged: Tensor
    seconds: Tensor


Finished = MutableMapping[tuple[Attack, int, int], AttackEffect]
"""Batches that are done: what an attack did to the pictures from the first number up to the second."""


@dataclass(frozen=True)
class Trial:
    """What is attacked, by whom, and how that is judged.

    ``draws``: those of a random model that judge it. ``tell`` gets sentences that belong beside the
    figures; ``on_step`` is called at each step of an attack, and what it raises ends it.
    """

    model: Classifier
    draws: Sequence[int]
    goal: Goal
    adaptive: bool
    detector: Detector | None
    tell: Callable[..., object]
    on_step: Callable[[], object] | None

    def effect(self, attack: Attack, images: Tensor, labels: Tensor) -> AttackEffect:
        """Attack pictures ``[N, C, H, W]`` with labels ``[N]``."""
        model, draws = self.model, self.draws
        images = images.to(model.device)
        labels = labels.to(model.device)
        run: Attack = attack
        attacked: nn.Module = model
        if isinstance(model, Defended):
            run, attacked = model.attacked_by(attack, adaptive=self.adaptive)
        on_step = self.on_step
        observer = None if on_step is None else lambda pictures, loss: on_step()
        begun = time.perf_counter()
        record = run.run(attacked, images, labels, self.goal, observer=observer)
        # Waits for the device: the time is that of the work.
        success = record.success.cpu().unsqueeze(1)
        seconds = time.perf_counter() - begun
        if run.knowledge not in LABELS_ALONE:  # those see labels whatever the model answers
            self.tell(*probabilities.notices(record.answers))
        if attacked is not model or len(draws) > 1:
            # What was fooled above may be another model or draw.
            after = (attacked, images, record.x_adv, labels, self.goal)
            success = torch.stack([fooled(model, draw, *after) for draw in draws], 1)
        pixels = torch.from_numpy(to_pixels(record.x_adv)).permute(0, 3, 1, 2)
        return AttackEffect(
            rank=ranks_by_draw(model, draws, record.x_adv, labels),
            rank_8bit=ranks_by_draw(model, draws, pixels.float() / 255, labels),
            success=success,
            l0=record.l0,
            l1=record.l1,
            l2=record.l2,
            linf=record.linf,
            queries=record.queries_forward.cpu(),
            gradients=record.queries_backward.cpu(),
            flagged=self._flagged(record.x_adv),
            seconds=torch.full(
                (len(labels),), seconds / len(labels), dtype=torch.float64, device="cpu"
            ),
        )

    def _flagged(self, adversarial: Tensor) -> Tensor:
        """What the detector says, bool ``[N]``."""
        if self.detector is None:
            return torch.zeros(len(adversarial), dtype=torch.bool, device="cpu")
        return self.detector.flags(adversarial).cpu()
