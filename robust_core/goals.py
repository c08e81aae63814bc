"""Goal: what the attacker wants. The one place that decides what success means.

A goal is bound to a batch once (``goal.bind(...)`` uses the clean logits where it needs them). For any
logits of that batch the result gives the value to raise, the distance to the goal, and the successes.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar

import torch
from torch import Tensor

PairLoss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Aim:
    """A goal bound to a batch of N pictures.

    ``classes`` ``[N]`` are the classes that matter and ``towards`` says whether to approach or to
    leave them. The rest is only there for goals that need it:

    - ``leaving`` ``[N]``: the true classes, where they are known besides a target.
    - ``chosen`` bool ``[N]``: the pictures that the goal is about; the others stay as they are.
    - ``bar`` ``[N]``: log-odds against ``classes`` at which the confidence is low enough. A picture
      stops there.
    - ``verdict``: the aim that decides success, where this one is a detour to it.
    """

    classes: Tensor
    towards: bool
    leaving: Tensor | None = None
    chosen: Tensor | None = None
    bar: Tensor | None = None
    verdict: "Aim | None" = None

    @property
    def stops(self) -> bool:
        """Whether going on after success would overshoot what was wanted."""
        return self.bar is not None

    def loss(self, logits: Tensor, loss: PairLoss) -> Tensor:
        """The value to ascend per picture, ``[N]``: away from the class, or towards it."""
        value = loss(logits, self.classes)
        return -value if self.towards else value

    def report(self, value: Tensor, shown: Callable[[Tensor], Tensor]) -> Tensor:
        """What ``loss`` returned, in the unit shown: ``shown(loss)``, with the goal's sign."""
        return -shown(-value) if self.towards else shown(value)

    def margin(self, logits: Tensor) -> Tensor:
        """How far beyond the goal each picture is, in logits, ``[N]``: negative before it."""
        index = self.classes.unsqueeze(1)
        own = logits.gather(1, index).squeeze(1)
        others = logits.scatter(1, index, -torch.inf)
        if self.bar is not None:
            return others.logsumexp(1) - own - self.bar.to(logits.dtype)
        ahead = own - others.amax(1)
        return ahead if self.towards else -ahead

    def rise(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """``margin`` ``[N]`` and its gradient in the logits ``[N, K]``, which equal rivals share.

        In closed form: passes of autograd this small cost more than the model's at batch 1.
        """
        index = self.classes.unsqueeze(1)
        own = logits.gather(1, index).squeeze(1)
        others = logits.scatter(1, index, -torch.inf)
        if self.bar is not None:
            slope = others.softmax(1).scatter_(1, index, -1.0)
            return others.logsumexp(1) - own - self.bar.to(logits.dtype), slope
        first = others.amax(1, keepdim=True)
        best = (others == first).to(logits.dtype)
        slope = best.div_(best.sum(1, keepdim=True)).scatter_(1, index, -1.0)
        behind = first.squeeze(1) - own
        return (-behind, slope.neg_()) if self.towards else (behind, slope)

    def boundaries(self, logits: Tensor, candidates: int) -> tuple[Tensor, Tensor]:
        """``margin`` for each of M ways to the goal, ``[N, M]``, and its slope in the logits ``[N, M, K]``.

        The margin of the goal is the largest in a row. A goal that leaves a class has one way for each
        other class; the likeliest are kept, at most ``candidates`` with the class itself. Other goals
        have one way.
        """
        if self.towards or self.bar is not None:
            margin, slope = self.rise(logits.detach())
            return margin.unsqueeze(1), slope.unsqueeze(1)
        index = self.classes.unsqueeze(1)
        others = logits.scatter(1, index, -torch.inf)
        nearest = others.topk(min(candidates, logits.shape[1]) - 1, dim=1)
        # In closed form, as M small autograd passes are slow at batch 1.
        slopes = logits.new_zeros(*nearest.indices.shape, logits.shape[1])
        slopes.scatter_(2, nearest.indices.unsqueeze(2), 1)
        slopes.scatter_(2, index.unsqueeze(1).expand(-1, slopes.shape[1], 1), -1)
        return nearest.values - logits.gather(1, index), slopes

    def success(self, logits: Tensor) -> Tensor:
        """Which pictures reach the goal, bool ``[N]``. NaN logits never do."""
        if self.verdict is not None:
            return self.verdict.success(logits)
        if self.bar is not None:
            reached = self.margin(logits) >= 0
        else:
            reached = (logits.argmax(1) == self.classes) == self.towards
        if self.chosen is not None:
            reached &= self.chosen
        return reached & ~logits.isnan().any(1)

    def detour(self, targets: Tensor) -> "Aim":
        """Towards ``targets`` ``[N]`` as a way to this goal, which still decides success."""
        leaving = self.leaving if self.towards else self.classes
        return Aim(targets, towards=True, leaving=leaving, verdict=self)

    def __getitem__(self, rows: Tensor | slice) -> "Aim":
        parts: dict[str, Any] = {
            f.name: getattr(self, f.name) for f in fields(self) if f.name != "towards"
        }
        parts = {k: None if v is None else v[rows] for k, v in parts.items()}
        return replace(self, **parts)


class Goal:
    """Base of all goals. ``needs_clean_logits`` costs one forward pass when binding."""

    name: ClassVar[str]
    needs_clean_logits: ClassVar[bool] = False

    def bind(self, labels: Tensor, clean_logits: Tensor | None) -> Aim:
        raise NotImplementedError

    @property
    def parameters(self) -> dict[str, float | str]:
        """The goal's parameters by name; empty for most."""
        return {}


@dataclass(frozen=True)
class Untargeted(Goal):
    """Any class but the label."""

    name = "untargeted"

    def bind(self, labels: Tensor, clean_logits: Tensor | None = None) -> Aim:
        return Aim(labels, towards=False)


@dataclass(frozen=True)
class Targeted(Goal):
    """The class given instead of the label: one index per picture, ``[N]``."""

    name = "targeted"

    def bind(self, labels: Tensor, clean_logits: Tensor | None = None) -> Aim:
        return Aim(labels, towards=True)


@dataclass(frozen=True)
class Towards(Targeted):
    """One class for all pictures; labels are the true classes, as for the other goals."""

    target: int

    def bind(self, labels: Tensor, clean_logits: Tensor | None = None) -> Aim:
        return Aim(torch.full_like(labels, self.target), towards=True, leaving=labels)

    @property
    def parameters(self) -> dict[str, float | str]:
        return {"target": self.target}


@dataclass(frozen=True)
class RandomTarget(Targeted):
    """A random other class for each picture, all equally likely; labels are the true classes.

    Drawn by ``seed`` and the order of the picture's own clean logits: the same in any batch. Classes that
    the model rules out, at minus infinity, are not drawn.
    """

    seed: int = 0
    needs_clean_logits = True

    def bind(self, labels: Tensor, clean_logits: Tensor | None = None) -> Aim:
        assert clean_logits is not None
        orders = clean_logits.argsort(1).tolist()
        possible = (clean_logits > -torch.inf).tolist()
        drawn = []
        for label, order, open_to in zip(labels.tolist(), orders, possible, strict=True):
            classes = len(order)
            others = [(label + k) % classes for k in range(1, classes)]
            others = [c for c in others if open_to[c]] or others
            drawn.append(random.Random(f"{self.seed}/{order}").choice(others))
        targets = torch.tensor(drawn, dtype=torch.int64, device=labels.device)
        return Aim(targets, towards=True, leaving=labels)

    @property
    def parameters(self) -> dict[str, float | str]:
        return {"target": "random", "seed": self.seed}


@dataclass(frozen=True)
class LeastLikely(Goal):
    """The class that the model finds least likely on the clean picture (Kurakin et al., 2017).

    Of those that it does not rule out, at minus infinity.
    """

    name = "least-likely"
    needs_clean_logits = True

    def bind(self, labels: Tensor, clean_logits: Tensor | None = None) -> Aim:
        assert clean_logits is not None
        possible = clean_logits.masked_fill(clean_logits == -torch.inf, torch.inf)
        return Aim(torch.argmin(possible, dim=1), towards=True, leaving=labels)


@dataclass(frozen=True)
class SourceTarget(Goal):
    """Pictures of class ``source`` are to become ``target``; all others are left as they are."""

    source: int
    target: int
    name = "source-target"

    def __post_init__(self) -> None:
        if self.source == self.target:
            raise ValueError(f"target must be another class than source, {self.source}")

    def bind(self, labels: Tensor, clean_logits: Tensor | None = None) -> Aim:
        return Aim(
            torch.full_like(labels, self.target),
            towards=True,
            leaving=labels,
            chosen=labels == self.source,
        )

    @property
    def parameters(self) -> dict[str, float | str]:
        return {"source": self.source, "target": self.target}


@dataclass(frozen=True)
class ConfidenceReduction(Goal):
    """Less confidence in the model's answer to the clean picture; the label may stay.

    Done when the probability of that class is at most ``threshold`` or, where that is None, has
    fallen by ``drop``. A picture whose probability is below ``drop`` to begin with cannot get there.
    """

    drop: float = 0.2
    threshold: float | None = None
    name = "confidence-reduction"
    needs_clean_logits = True

    def __post_init__(self) -> None:
        for what, value in (("drop", self.drop), ("threshold", self.threshold)):
            if value is not None and not (0 < value < 1 and math.isfinite(value)):
                raise ValueError(f"{what} must be a probability between 0 and 1; got {value!r}")

    def bind(self, labels: Tensor, clean_logits: Tensor | None = None) -> Aim:
        assert clean_logits is not None
        probabilities = clean_logits.double().softmax(1)
        confidence, classes = probabilities.max(1)
        if self.threshold is None:
            wanted = (confidence - self.drop).clamp_min(0)
        else:
            wanted = torch.full_like(confidence, self.threshold)
        return Aim(classes, towards=False, bar=-torch.logit(wanted))

    @property
    def parameters(self) -> dict[str, float | str]:
        """The one of the two that applies."""
        if self.threshold is not None:
            return {"threshold": self.threshold}
        return {"drop": self.drop}


def judged(goal: Goal, labels: Tensor, deployed: Tensor, attacked: Tensor) -> Aim:
    """``goal`` bound so as to judge a model where the attack ran on another one.

    ``deployed`` and ``attacked`` are the clean logits ``[N, K]`` of the two. A class to reach comes from
    the attacked model; the initial class and confidence come from the deployed model.
    """
    aim = goal.bind(labels, attacked)
    return aim if aim.towards else goal.bind(labels, deployed)


ALL: tuple[type[Goal], ...] = (
    Untargeted,
    Targeted,
    LeastLikely,
    SourceTarget,
    ConfidenceReduction,
)
