"""The measurements: each attack at each radius, counted in pictures that are still right."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from robust_core import attacks
from robust_core.attacks.gradient import BIM, PGD
from robust_core.classifier import Classifier
from robust_core.evaluation.accuracy import default_batch
from robust_core.evaluation.deck_002 import protocol
from robust_core.evaluation.deck_002.sample import Sample
from robust_core.evaluation.deck_002.spaces import attack_in
from robust_core.evaluation.judging import ranks
from robust_core.evaluation.passes import Pass, Passes, in_turn
from robust_core.goals import RandomTarget
from robust_core.modes import evaluating

Progress = Callable[[int], object]
KINDS: dict[str, type[BIM]] = {protocol.BIM: BIM, protocol.PGD: PGD}


@dataclass(frozen=True)
class Row:
    """How many pictures are right after an attack: ``top1``, and ``top5`` with the label among five.

    ``step`` is a key of ``protocol.STEP_SIZES``. ``reached`` counts those whose top class is the target,
    None without one.
    """

    space: str
    eps: float
    attack: str
    steps: int
    step: str
    top1: int
    top5: int
    reached: int | None = None


@dataclass(frozen=True)
class CarliniRow:
    """Table 3 for n pictures: with the target as top class and among five, with the label likewise."""

    target1: int
    target5: int
    top1: int
    top5: int
    mean_l2: float | None
    median_l2: float | None
    """Of the changes that reach the target; None if none does."""
    parameters: dict[str, Any]


def grid() -> Iterator[tuple[str, float, str, str]]:
    """Space, eps, attack and step size of each run of tables 1 and 2, besides FGSM."""
    for space in protocol.SPACES:
        for eps in protocol.EPS:
            for attack in KINDS:
                for step in protocol.STEP_SIZES:
                    yield space, eps, attack, step


def runs() -> int:
    """How often ``measure`` attacks each picture."""
    return (
        len(protocol.SPACES) * (len(protocol.EPS) + 2 * len(protocol.FIGURE_EPS))
        + 1
        + len(list(grid()))
    )


def measure(
    model: Classifier, sample: Sample, progress: Progress | None = None, make: Passes = in_turn
) -> dict[str, Any]:
    """``rows`` of tables 1 and 2, ``targeted`` rows of figure 6, and ``carlini`` of table 3.

    ``progress`` is called with the number of pictures that were just attacked. ``make`` makes the passes
    over them.
    """
    bench = _Bench(model, sample, progress or (lambda count: None), make)
    rows = [bench.fgsm(space, eps) for space in protocol.SPACES for eps in protocol.EPS]
    for space, eps, attack, step in grid():
        rows += bench.iterates(space, eps, attack, step)
    targeted = [
        row
        for space in protocol.SPACES
        for eps in protocol.FIGURE_EPS
        for row in (bench.fgsm(space, eps, targeted=True), bench.targeted_bim(space, eps))
    ]
    return {
        "rows": [asdict(row) for row in rows],
        "targeted": [asdict(row) for row in targeted],
        "carlini": asdict(bench.carlini()),
    }


class _Bench:
    """A model with its pictures, a random target for each, and the batches that fit."""

    def __init__(self, model: Classifier, sample: Sample, progress: Progress, make: Passes) -> None:
        self.make = make
        self.model = model
        self.images = sample.images
        self.labels = sample.labels
        self.progress = progress
        self.batch = default_batch(sample.images)
        batches = torch.arange(len(sample.labels), device="cpu").split(self.batch)
        self.targets = torch.cat([self._targets(batch) for batch in batches])

    @torch.inference_mode()
    def _targets(self, batch: Tensor) -> Tensor:
        with evaluating(self.model):
            clean = self.model(self.images[batch].to(self.model.device)).cpu()
        return RandomTarget().bind(self.labels[batch], clean).classes

    def _run(
        self, attack: BIM, keep: tuple[int, ...], *, targeted: bool = False
    ) -> dict[int, tuple[Tensor, Tensor]]:
        """Ranks ``[N]`` of label and target after each number of steps in ``keep``."""

        def work(batch: Tensor, tell: object) -> tuple[Tensor, ...]:
            images = self.images[batch].to(self.model.device)
            classes = (self.targets if targeted else self.labels)[batch].to(self.model.device)
            seen = _Iterates(partial(self._both, batch=batch), keep)
            attack(self.model, images, classes, targeted, observer=seen)
            return tuple(rank for steps in keep for rank in seen.found[steps])

        found = self._all(work)
        return {steps: (found[2 * i], found[2 * i + 1]) for i, steps in enumerate(keep)}

    def _all(self, work: Callable[[Tensor, Any], tuple[Tensor, ...]]) -> tuple[Tensor, ...]:
        """What ``work`` gives for all pictures."""
        one = Pass(work, self.progress)
        return self.make([one], len(self.labels), self.batch, lambda *told: None)[0]

    def _both(self, x: Tensor, batch: Tensor) -> Tensor:
        """Ranks of label and target, ``[2, n]``."""
        own = ranks(self.model, x, self.labels[batch])
        return torch.stack([own, ranks(self.model, x, self.targets[batch])])

    def fgsm(self, space: str, eps: float, *, targeted: bool = False) -> Row:
        """One step of length eps: BIM's first."""
        attack = attack_in(space, BIM, self.model)(eps=eps, steps=1, step_size=eps)
        (label, target) = self._run(attack, (1,), targeted=targeted)[1]
        reached = target if targeted else None
        return _row(space, eps, protocol.FGSM, 1, "eps", label, reached)

    def iterates(self, space: str, eps: float, attack: str, step: str) -> list[Row]:
        """One run of the most steps; its iterates are the results of fewer."""
        kind = attack_in(space, KINDS[attack], self.model)
        keep = protocol.STEPS[attack]
        most = max(keep)
        run = kind(eps=eps, steps=most, step_size=eps * protocol.STEP_SIZES[step])
        found = self._run(run, keep)
        return [_row(space, eps, attack, n, step, label) for n, (label, _) in found.items()]

    def targeted_bim(self, space: str, eps: float) -> Row:
        steps, step = protocol.FIGURE_STEPS, protocol.FIGURE_STEP_SIZE
        kind = attack_in(space, BIM, self.model)
        run = kind(eps=eps, steps=steps, step_size=eps * protocol.STEP_SIZES[step])
        label, target = self._run(run, (steps,), targeted=True)[steps]
        return _row(space, eps, protocol.BIM, steps, step, label, target)

    def carlini(self) -> CarliniRow:
        """CW-L2 towards a random class for each picture; it has no eps, so no space either."""
        attack = attacks.create("cw-l2")

        def work(batch: Tensor, tell: object) -> tuple[Tensor, ...]:
            images = self.images[batch].to(self.model.device)
            found = attack.run(self.model, images, self.labels[batch], RandomTarget())
            return (*self._both(found.x_adv, batch), found.l2.cpu())

        label, target, lengths = self._all(work)
        l2 = lengths[target < 1]
        return CarliniRow(
            target1=int((target < 1).sum()),
            target5=int((target < 5).sum()),
            top1=int((label < 1).sum()),
            top5=int((label < 5).sum()),
            mean_l2=l2.mean().item() if len(l2) else None,
            median_l2=l2.quantile(0.5).item() if len(l2) else None,
            parameters=attack.parameters,
        )


class _Iterates:
    """Observer that asks about the iterates after ``keep`` steps; it is shown the start first."""

    def __init__(self, ask: Callable[[Tensor], Tensor], keep: tuple[int, ...]) -> None:
        self.ask = ask
        self.keep = keep
        self.step = 0
        self.found: dict[int, Tensor] = {}

    def __call__(self, x: Tensor, loss: Tensor) -> None:
        if self.step in self.keep:
            self.found[self.step] = self.ask(x)
        self.step += 1


def _row(
    space: str,
    eps: float,
    attack: str,
    steps: int,
    step: str,
    label: Tensor,
    target: Tensor | None = None,
) -> Row:
    return Row(
        space=space,
        eps=eps,
        attack=attack,
        steps=steps,
        step=step,
        top1=int((label < 1).sum()),
        top5=int((label < 5).sum()),
        reached=None if target is None else int((target < 1).sum()),
    )
