"""Goal: what the attacker wants. The one place that decides what success means.

A goal is bound to a batch once (``goal.bind(...)`` looks at the clean logits where it needs them) and
then says two things about any logits of that batch: the loss to ascend and which pictures are done.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

PairLoss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Aim:
    """A goal bound to a batch: the classes ``[N]`` that matter, and whether to approach them."""

    classes: Tensor
    towards: bool

    def loss(self, logits: Tensor, loss: PairLoss) -> Tensor:
        """The value to ascend per picture, ``[N]``: away from the class, or towards it."""
        value = loss(logits, self.classes)
        return -value if self.towards else value

    def report(self, value: Tensor, shown: Callable[[Tensor], Tensor]) -> Tensor:
        """What ``loss`` returned in the unit that is shown: ``shown(loss)``, with the goal's sign."""
        return -shown(-value) if self.towards else shown(value)

    def success(self, logits: Tensor) -> Tensor:
        """Which pictures reach the goal, bool ``[N]``. Logits that are not numbers never do."""
        reached = (logits.argmax(1) == self.classes) == self.towards
        return reached & ~logits.isnan().any(1)

    def __getitem__(self, rows: Tensor) -> "Aim":
        return Aim(self.classes[rows], self.towards)


class Goal:
    """Base of all goals. ``needs_clean_logits`` costs one forward pass when binding."""

    name: ClassVar[str]
    needs_clean_logits: ClassVar[bool] = False

    def bind(self, labels: Tensor, clean_logits: Tensor | None) -> Aim:
        raise NotImplementedError


@dataclass(frozen=True)
class Untargeted(Goal):
    """Any class but the label."""

    name: ClassVar[str] = "untargeted"

    def bind(self, labels: Tensor, clean_logits: Tensor | None = None) -> Aim:
        return Aim(labels, towards=False)


@dataclass(frozen=True)
class Targeted(Goal):
    """The class that is given in the place of the labels: an index each picture, ``[N]``."""

    name: ClassVar[str] = "targeted"

    def bind(self, labels: Tensor, clean_logits: Tensor | None = None) -> Aim:
        return Aim(labels, towards=True)


@dataclass(frozen=True)
class LeastLikely(Goal):
    """The class that the model finds least likely on the clean picture (Kurakin et al., 2017)."""

    name: ClassVar[str] = "least-likely"
    needs_clean_logits: ClassVar[bool] = True

    def bind(self, labels: Tensor, clean_logits: Tensor | None = None) -> Aim:
        assert clean_logits is not None
        return Aim(torch.argmin(clean_logits, dim=1), towards=True)
