"""Indicators of attack failure: why an attack that failed may say nothing about the model.

The six of Pintor and others (2022, section 3), each in [0, 1], of one run on one picture. The run is made
again here, with the same seed and so the same result, and watched: that costs a pass more at each iterate.
Then the same attack runs once more without a bound.
"""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from robust_core import attacks
from robust_core.attacks import Attack, losses
from robust_core.attacks.base import AttackResult
from robust_core.defenses import Defended
from robust_core.engine import in_batches
from robust_core.evaluation.draws import Chance
from robust_core.experiment.afresh import judged_afresh
from robust_core.experiment.failure import LAST, RADIUS, Failure, Indicator
from robust_core.experiment.frames import AT_ONCE
from robust_core.goals import Aim, Goal, Untargeted
from robust_core.modes import evaluating
from robust_core.probabilities import as_logits
from robust_core.progress import Progress, part

NEIGHBOURS = 50
"""Points around the picture at which the loss is compared, uniform in the Linf ball of ``RADIUS``."""
UNTARGETED = Untargeted()


def indicators(
    model: nn.Module | Callable[[Tensor], Tensor],
    picture: Tensor,
    label: int,
    attack: Attack,
    *,
    attacked: nn.Module | None = None,
    goal: Goal = UNTARGETED,
    mask: Tensor | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Failure:
    """Run ``attack`` on one picture and look for six ways in which it fails.

    Args:
        model: the deployed model, from pictures in [0, 1] to logits. A random defence is judged on fresh
            draws, and its transfer failure is the share of them.
        picture: ``[1, C, H, W]`` in [0, 1], on the device of the model.
        label: its class, or the one that ``goal`` (``goals.Targeted``) is to reach.
        attack: as it is run on ``attacked`` (``Defended.attacked_by``).
        attacked: the model that is attacked, where it is not ``model``: a surrogate.
        mask: ones ``[1, 1, H, W]`` where pixels may change; None: everywhere.
        seed: of the points around the picture.
        progress: called as ``progress(k, n)`` at each iterate of both runs; raising ends it.

    Raises:
        ValueError: an argument does not fit; see ``Attack.run``.
    """
    target: Any = model if attacked is None else attacked
    labels = torch.tensor([label], device=picture.device, dtype=torch.int64)
    steps = max(1, attack.observations)
    with evaluating(target), evaluating(model):
        aim = _aim(goal, labels, target, picture)
        watch = _Watch(target, aim, part(progress, 0, 2 * steps), steps)
        record = attack.run(target, picture, labels, goal, observer=watch, mask=mask)
        chance = _judge(model, record.x_adv, _aim(goal, labels, model, picture))
        free = _unbounded(attack, picture)
        again = None
        if free is not None:
            after = part(progress, steps, 2 * steps)
            watching = _Watch(None, aim, after, steps) if after else None
            again = free.run(target, picture, labels, goal, observer=watching, mask=mask)
        each = (
            _unavailable(record, target, picture, labels, goal),
            _unstable(attack, target, picture, aim, seed),
            _silent(watch, record),
            _incomplete(record),
            _transfer(record, chance, surrogate=target is not model),
            _unconstrained(attack, free, again),
        )
    return Failure(each, not chance.succeeds)


class _Watch:
    """Observer that asks at every iterate whether the goal is reached there."""

    def __init__(self, model: Any, aim: Aim, progress: Progress | None, steps: int) -> None:
        self.model, self.aim, self.progress, self.steps = model, aim, progress, steps
        self.reached: list[bool] = []
        self.count = 0

    def __call__(self, images: Tensor, loss: Tensor) -> None:
        if self.model is not None:
            with torch.no_grad():
                answers = as_logits(self.model(images))
            self.reached.append(bool(self.aim.success(answers)[0]))
        self.count += 1
        if self.progress is not None:
            self.progress(min(self.count, self.steps), self.steps)


def _aim(goal: Goal, labels: Tensor, model: Any, picture: Tensor) -> Aim:
    clean = None
    if goal.needs_clean_logits:
        with torch.no_grad():
            clean = as_logits(model(picture))
    return goal.bind(labels, clean)


def _judge(model: Any, picture: Tensor, aim: Aim) -> Chance:
    """Whether the deployed model is fooled: once, or in how many fresh draws."""
    if isinstance(model, Defended) and model.is_random:
        return judged_afresh(model, picture, _on_cpu(aim))[0]
    with torch.no_grad():
        return Chance(int(aim.success(as_logits(model(picture)))[0]), 1)


def _on_cpu(aim: Aim) -> Aim:
    return Aim(aim.classes.cpu(), aim.towards, bar=None if aim.bar is None else aim.bar.cpu())


def _unavailable(
    record: AttackResult, target: Any, picture: Tensor, labels: Tensor, goal: Goal
) -> Indicator:
    """I1. An attack with gradients of its own kind is asked for one at the clean picture instead."""
    name = "unavailable-gradients"
    if not int(record.queries_backward[0]):
        return Indicator(name, None, "It takes no gradients.")
    steps, zero = int(record.iterations[0]), int(record.zero_gradients[0])
    if steps:
        return Indicator(name, zero / steps, f"{zero} of {steps} gradients were exactly zero.")
    probe = attacks.create("fgsm", loss="margin").run(target, picture, labels, goal)
    gone = bool(probe.zero_gradients[0])
    said = "exactly zero" if gone else "not zero"
    return Indicator(name, float(gone), f"At the clean picture the margin's gradient is {said}.")


def _unstable(attack: Attack, target: Any, picture: Tensor, aim: Aim, seed: int) -> Indicator:
    """I2: the mean of ``|L(x') - L(x)| / |L(x)|``, at most 1, for ``NEIGHBOURS`` points x'."""
    name = "unstable-predictions"
    loss = str(attack.parameters.get("loss", "margin"))
    loss = loss if loss in ("ce", "softmax-ce") else "margin"
    draw = torch.Generator().manual_seed(seed)
    shift = torch.rand(
        NEIGHBOURS, *picture.shape[1:], generator=draw, dtype=torch.float32, device="cpu"
    )
    near = (picture + RADIUS * (2 * shift.to(picture) - 1)).clamp(0, 1)

    def value(images: Tensor) -> Tensor:
        own = aim[torch.zeros(len(images), dtype=torch.int64, device=picture.device)]
        with torch.no_grad():
            logits = as_logits(target(images))
        return losses.shown(loss, own, losses.ascended(loss, own, logits)).double()

    here = value(picture)[0]
    there = in_batches(value, near, max(1, AT_ONCE // picture.numel()))
    off = (there - here).abs().nan_to_num(1.0) / (here.abs() if here else 1.0)
    mean = min(1.0, off.mean().item())
    return Indicator(name, mean, f"The loss ({loss}) changes by {mean:.1%} on average.")


def _silent(watch: _Watch, record: AttackResult) -> Indicator:
    """I3."""
    name = "silent-success"
    if not watch.reached:
        return Indicator(name, None, "It has no iterates to look at.")
    passed = sum(watch.reached)
    failed = not bool(record.success[0])
    what = "does not reach it" if failed else "reaches it"
    said = f"{passed} of {len(watch.reached)} iterates reach the goal; the result {what}."
    return Indicator(name, float(failed and passed > 0), said)


def _incomplete(record: AttackResult) -> Indicator:
    """I4: of the best loss so far, the rise in the last steps over the whole rise."""
    name = "incomplete-optimisation"
    trace = record.trace[0].double()
    trace = trace[trace.isfinite()]
    if len(trace) < 2:
        return Indicator(name, None, "It has no trace of several steps.")
    best = trace.cummax(0).values
    last = min(LAST, len(best) - 1)
    whole = (best[-1] - best[0]).item()
    value = (best[-1] - best[-1 - last]).item() / whole if whole > 0 else 0.0
    said = f"The last {last} of {len(best)} steps made {value:.0%} of the rise."
    return Indicator(name, min(1.0, value), said if whole > 0 else "The loss does not rise at all.")


def _transfer(record: AttackResult, chance: Chance, *, surrogate: bool) -> Indicator:
    """I5."""
    name = "transfer-failure"
    if not surrogate:
        return Indicator(name, None, "The deployed model itself was attacked.")
    if not bool(record.success[0]):
        return Indicator(name, 0.0, "It fails on the attacked model already.")
    held = chance.n - chance.count
    said = "The deployed model is fooled too." if not held else "The deployed model is not fooled."
    if chance.n > 1:
        said = f"The deployed model is not fooled in {held} of {chance.n} fresh draws."
    return Indicator(name, held / chance.n, said)


def _unbounded(attack: Attack, picture: Tensor) -> Attack | None:
    """The same attack in a ball that holds every picture; None where it has no ball."""
    numel = picture[0].numel()
    whole = {"linf": 1.0, "l2": math.sqrt(numel), "l1": float(numel)}.get(attack.norm)
    given = attack.parameters.get("eps")
    if whole is None or not given:
        return None
    step = attack.parameters.get("step_size")
    scaled = {} if step is None else {"step_size": step * whole / given}
    return attack.changed(eps=whole, **scaled)


def _unconstrained(attack: Attack, free: Attack | None, again: AttackResult | None) -> Indicator:
    """I6."""
    name = "unconstrained-failure"
    if free is None or again is None:
        return Indicator(name, None, "It has no bound.")
    failed = not bool(again.success[0])
    what = "fails" if failed else "succeeds"
    eps = free.parameters["eps"]
    return Indicator(name, float(failed), f"With {attack.norm} eps {eps:.3g} it {what}.")
