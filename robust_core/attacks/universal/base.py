"""UniversalAttack: what a set of pictures shares is fitted; on a batch, it is fitted and applied."""

import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from robust_core.attacks.base import Attack, Model
from robust_core.attacks.checks import check_classes
from robust_core.attacks.oracle import Oracle
from robust_core.attacks.universal.fitted import Universal
from robust_core.goals import Aim, Goal, Targeted, Untargeted
from robust_core.parameters import parameter

VALUES = 2**20
"""Pixel values asked about at a time where no gradient is needed."""
DOMINANT = 5
"""How many of the labels that absorb most pictures are kept in the record."""

Observer = Callable[[Tensor, Tensor], object]
Within = Callable[[Tensor, int], object]


@dataclass(frozen=True)
class Seen:
    """Told how a fit progresses, with copies of what is fitted so far."""

    observer: Observer | None = None
    within: Within | None = None

    def __call__(self, delta: Tensor, rate: float) -> None:
        """A pass has ended at ``delta``, which fools a share ``rate`` of the pictures."""
        if self.observer is not None:
            self.observer(
                delta.detach().clone(), torch.tensor(rate, dtype=torch.float64, device="cpu")
            )

    def batch(self, delta: Tensor, done: int) -> None:
        """A mini-batch has ended at ``delta``; ``done`` pictures of this pass have been gone through."""
        if self.within is not None:
            self.within(delta.detach().clone(), done)


@dataclass
class Fit:
    """The outcome of a fit: the perturbation, the share fooled after each pass, the last labels ``[N]``."""

    delta: Tensor
    curve: list[float]
    labels: Tensor


def passes_parameter(default: int) -> int:
    return parameter(default, "Maximum number of passes over the pictures.", low=1, high=10_000)


def seed_parameter() -> int:
    return parameter(0, "Seed of the order of the pictures.", low=0, high=2**31 - 1)


@dataclass(frozen=True, kw_only=True)
class UniversalAttack(Attack):
    """Base of attacks with one perturbation for all pictures. Subclasses implement ``search``.

    Without a target the class to leave is k(x), the model's answer to the clean picture, not the label
    (Moosavi-Dezfooli et al., 2017): a picture is *fooled* where the model's answer has changed. What a
    picture gets depends on the others by design, so "alone as in a batch" does not hold.
    """

    scope = "universal"
    goals = ("untargeted", "targeted")

    def search(self, oracle: Oracle, images: Tensor, aim: Aim, seen: Seen) -> Fit:
        """Fit to float pictures ``[N, C, H, W]``; ``aim`` is bound to k(x) or to targets."""
        raise NotImplementedError

    def shared(self, fit: Fit, record: dict[str, Any]) -> Universal:
        """The object that holds what was fitted."""
        return Universal(fit.delta, record)

    def shown(self, images: Tensor, delta: Tensor) -> Tensor:
        """The pictures with ``delta``, in [0, 1]."""
        return (images + delta).clamp_(0, 1)

    def fit(
        self,
        model: Model,
        images: Tensor,
        labels: Tensor,
        goal: Goal | None = None,
        *,
        observer: Observer | None = None,
        within: Within | None = None,
        mask: Tensor | None = None,
    ) -> Universal:
        """Fit one perturbation to all ``images``, to be applied to these and to others.

        Args:
            model: any callable from ``[N, C, H, W]`` in [0, 1] to logits ``[N, K]`` (see ``contract``).
            images: the fitting set ``[N, C, H, W]`` in [0, 1]; it is not written to.
            labels: true classes ``[N]``, or the targets for ``goals.Targeted()``.
            goal: None: away from k(x). ``goals.Towards(target)``: one class for all pictures.
            observer: called after each pass as ``observer(delta, rate)`` with a copy of what is fitted so
                far and the share of the pictures that it fools, a scalar; what it raises ends the fit.
            within: called after each mini-batch as ``within(delta, done)`` with such a copy and the number
                of pictures gone through in this pass, where the attack goes through them in passes: one
                over many pictures takes long. What it raises ends the fit.
            mask: zeros and ones ``[1 or N, 1, H, W]``, 1 where pixels may change. None: everywhere.

        Warns:
            UserWarning: one picture, or pictures of one class alone, are hardly a set.

        Raises:
            ValueError: an argument is wrong; the sentence names it and what is allowed.
        """
        goal = goal or Untargeted()
        with self._asking(model, images, labels, goal, None, mask, recording=False) as asked:
            start, work, labels, oracle = asked
            if narrow := _narrow(labels, goal):
                warnings.warn(narrow, stacklevel=2)
            aim = goal.bind(labels, None)
            fit = self._search(oracle, work, aim, Seen(observer, within))
        return self.shared(fit, self._record(fit, oracle, model, start, goal))

    def perturb(self, oracle: Oracle, images: Tensor, aim: Aim) -> Tensor:
        """Fit to the batch and apply to it."""
        fit = self._search(oracle, images, aim, Seen())
        x = self.shown(images, fit.delta.to(images.dtype))
        oracle.show_last(x, aim, "margin")
        return x

    def _search(self, oracle: Oracle, images: Tensor, aim: Aim, seen: Seen) -> Fit:
        clean = oracle.survey(images, chunk(images))
        check_classes(aim.classes, clean)
        if not aim.towards:
            aim = replace(aim, classes=clean.argmax(1))
        return self.search(oracle, images, aim, seen)

    def unfinished(
        self, model: Model, images: Tensor, goal: Goal | None, delta: Tensor, curve: list[float]
    ) -> Universal:
        """What ``observer`` and ``within`` are told, as what ``fit`` returns: ``curve`` is that so far."""
        about = self._about(model, images, goal or Untargeted())
        none = torch.zeros(0, dtype=torch.int64, device="cpu")
        record = about | {"curve": curve, "dominant": []}
        return self.shared(Fit(delta, curve, none), record)

    def _about(self, model: Model, images: Tensor, goal: Goal) -> dict[str, Any]:
        details = getattr(getattr(model, "provenance", None), "details", {})
        return {
            "attack": self.name,
            "parameters": self.parameters,
            "eps": self.parameters.get("eps"),
            "norm": self.norm,
            "model": getattr(model, "name", None),
            "weights_sha256": details.get("sha256"),
            "size": list(images.shape[1:]),
            "n": len(images),
            "goal": goal.name,
            "goal_parameters": goal.parameters,
        }

    def _record(
        self, fit: Fit, oracle: Oracle, model: Model, images: Tensor, goal: Goal
    ) -> dict[str, Any]:
        counts = Counter(fit.labels.tolist()).most_common(DOMINANT)
        return {
            **self._about(model, images, goal),
            "curve": fit.curve,
            "dominant": [[label, count / len(images)] for label, count in counts],
            "queries": int(oracle.tally("queries").sum()),
            "gradients": int(oracle.tally("gradients").sum()),
        }


class Passes:
    """The share fooled after each pass, and the perturbation of the best."""

    def __init__(
        self, attack: UniversalAttack, oracle: Oracle, images: Tensor, aim: Aim, seen: Seen
    ) -> None:
        self.ask = lambda delta: fooled(oracle, attack.shown(images, delta), aim)
        self.seen = seen
        self.curve: list[float] = []
        self._best: tuple[float, Tensor, Tensor] | None = None

    def end(self, delta: Tensor) -> float:
        """Another pass has ended at ``delta``; the share that it fools."""
        rate, labels = self.ask(delta)
        self.curve.append(rate)
        if self._best is None or rate >= self._best[0]:
            self._best = rate, delta, labels
        self.seen(delta, rate)
        return rate

    def best(self) -> Fit:
        """What fooled most; among equals the last, which has gone furthest."""
        assert self._best is not None
        _, delta, labels = self._best
        return Fit(delta, self.curve, labels)


def chunk(images: Tensor) -> int:
    """How many pictures are asked about at a time."""
    return max(8, min(256, VALUES // images[0].numel()))


def fooled(oracle: Oracle, x: Tensor, aim: Aim) -> tuple[float, Tensor]:
    """The share of the pictures ``x`` that reach the aim, and the model's answers ``[N]``."""
    logits = oracle.survey(x, chunk(x))
    return aim.success(logits).double().mean().item(), logits.argmax(1)


def shuffled(count: int, seed: int, number: int, device: torch.device) -> Tensor:
    """The order of pass ``number``, int64 ``[count]``; drawn on the CPU, the same on every device."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + number)
    return torch.randperm(count, generator=generator, device="cpu").to(device)


def _narrow(labels: Tensor, goal: Goal) -> str | None:
    """Why a set of these labels is hardly one; None: it is."""
    if len(labels) == 1:
        have = "one picture"
    elif not isinstance(goal, Targeted) and len(labels.unique()) == 1:
        have = f"{len(labels)} pictures of one class, index {labels[0].item()}"
    else:
        return None
    return (
        f"The fitting set has {have}. The fit may do little to other pictures: give it a few hundred, of "
        "several classes."
    )
