"""A model's confidence in one picture's class as an attack's radius grows."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core.attacks import Attack, AttackResult
from robust_core.classifier import Classifier
from robust_core.contract import check_pictures
from robust_core.experiment.perform import UNTARGETED, check_goal
from robust_core.goals import Aim, Goal
from robust_core.modes import evaluating
from robust_core.probabilities import as_logits
from robust_core.progress import Progress


@dataclass(frozen=True)
class Point:
    """What an attack of one radius achieved."""

    eps: float
    """The radius, in the norm of the attack; 0 for the clean picture."""
    confidence: float
    """Softmax confidence in the class to leave, in [0, 1]."""
    aimed: float | None
    """Confidence in the target, where there is one."""
    winner: int
    """Index of the most probable class."""
    success: bool
    l2: float
    linf: float


def curve(
    model: Classifier,
    images: Tensor,
    attack: Attack,
    radii: Sequence[float],
    *,
    label: int | None = None,
    goal: Goal = UNTARGETED,
    mask: Tensor | None = None,
    progress: Progress | None = None,
) -> tuple[Point, ...]:
    """Attack one picture once for each radius, all else equal.

    The attacks are independent: a larger eps may leave more confidence where an attack takes a fixed
    number of steps. The radius 0 is the clean picture itself, without an attack.

    Args:
        images: one picture ``[1, C, H, W]`` in [0, 1] on the model's device.
        attack: an attack with a field ``eps``, which is replaced.
        radii: values for ``eps``, at least one.
        label: the class to leave; None takes the model's own prediction.
        goal: what the attacker wants; a class to reach is ``goals.Towards(index)``.
        mask: bool ``[1, 1, H, W]``, true where pixels may change; None: everywhere.
        progress: called as ``progress(k, n)`` at each iterate of all runs; what it raises ends it.

    Returns:
        One point for each radius, in the order of ``radii``.

    Raises:
        ValueError: several pictures, an attack without eps, no or bad radii, or a goal that the
            attack does not support or that does not apply to this picture.
    """
    if len(images) != 1:
        raise ValueError(f"images must hold one picture; got {len(images)}")
    if not attack.has_eps:
        raise ValueError(f"attack must be bounded by eps; {attack.name} looks for its own distance")
    runs = [attack.changed(eps=radius) for radius in radii]
    if not runs:
        raise ValueError("radii must hold at least one eps: a number such as 0.01")
    check_pictures(model, images)
    with evaluating(model), torch.inference_mode():
        clean = as_logits(model(images)).cpu().double()
    label = int(clean.argmax()) if label is None else label
    check_goal(model, goal, label)
    labels = torch.tensor([label], dtype=torch.int64, device="cpu")
    aim = goal.bind(labels, clean)
    points = []
    for i, run in enumerate(runs):
        if run.parameters["eps"] == 0:
            points.append(_point(run, clean, label, aim))
            continue
        steps = _Steps(i, len(runs), run.observations, progress) if progress else None
        watched = steps if run.observations > 2 else None
        record = run.run(model, images, labels, goal, observer=watched, mask=mask)
        with evaluating(model), torch.inference_mode():
            logits = as_logits(model(record.x_adv)).cpu().double()
        points.append(_point(run, logits, label, aim, record))
        if steps is not None:
            steps.finish()
    return tuple(points)


class _Steps:
    """Observer of the ``i``-th of ``n`` runs of ``each`` iterates; reports all runs as one."""

    def __init__(self, i: int, n: int, each: int, progress: Progress) -> None:
        self.each, self.progress = max(1, each), progress
        self.done, self.total = i * self.each, n * self.each
        self.end = self.done + self.each

    def __call__(self, images: Tensor, loss: Tensor) -> None:
        self.done = min(self.done + 1, self.end)
        self.progress(self.done, self.total)

    def finish(self) -> None:
        self.progress(self.end, self.total)


def _point(
    attack: Attack, logits: Tensor, label: int, aim: Aim, record: AttackResult | None = None
) -> Point:
    probabilities = logits.softmax(1)[0]
    return Point(
        eps=attack.parameters["eps"],
        confidence=probabilities[label].item(),
        aimed=probabilities[aim.classes[0]].item() if aim.towards else None,
        winner=int(logits.argmax()),
        success=bool((aim.success(logits) if record is None else record.success)[0]),
        l2=0.0 if record is None else record.l2.item(),
        linf=0.0 if record is None else record.linf.item(),
    )
