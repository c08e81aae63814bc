"""The measurements of the suite: rows of plain values, each with all that it depends on."""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from robust_core import zoo
from robust_core.attacks.transfer.substitute import judge
from robust_core.classifier import Classifier
from robust_core.data.datasets import load_test_set
from robust_core.evaluation.accuracy import default_batch
from robust_core.evaluation.transfer.plan import Crafting, Learning
from robust_core.evaluation.universal.fooling import answers
from robust_core.progress import Pieces


@dataclass(frozen=True)
class Cell:
    """One target: how many pictures it gets ``right`` when clean, and of these ``fooled`` once attacked."""

    target: str
    right: int
    fooled: int

    @property
    def share(self) -> float | None:
        """Fooled of the right ones; None where there are none."""
        return self.fooled / self.right if self.right else None


@dataclass(frozen=True)
class CraftedRow:
    """One attack made on ``source`` with the true labels of the first ``n`` test pictures of ``data``.

    ``eps`` in Linf, or for an attack without a radius ``confidence`` in logits; ``parameters`` are all
    others. Mean distances are over all n pictures. The cell of the source itself is the white-box figure.
    ``weights`` are the digests of the weights of all targets by name.
    """

    data: str
    source: str
    attack: str
    eps: float | None
    confidence: float | None
    parameters: dict[str, Any]
    n: int
    mean_linf: float
    mean_l2: float
    targets: tuple[Cell, ...]
    weights: dict[str, str]


@dataclass(frozen=True)
class Stage:
    """A substitute after a round: |S|, labels asked for, agreement on S, and ``agree`` held-out pictures.

    For each radius: ``right`` for the model and of these ``fooled`` by transfer, ``own_right`` for the
    substitute and of these ``own_fooled``, white-box.
    """

    size: int
    queries: int
    agreement: float
    agree: int
    right: int
    own_right: int
    fooled: tuple[int, ...]
    own_fooled: tuple[int, ...]


@dataclass(frozen=True)
class LearntRow:
    """A substitute of ``model``, round by round. ``first``: size of the first set, pictures of the test set
    after the ``n`` on which it is judged. ``direct``: of the pictures that the model gets right, how many
    ``final`` fools when it is made on the model itself, for each eps."""

    model: str
    data: str
    n: int
    first: int
    eps: tuple[float, ...]
    final: str
    parameters: dict[str, Any]
    stages: tuple[Stage, ...]
    direct: tuple[int, ...]
    weights: dict[str, str]


class Bench:
    """Models, test pictures and clean answers, each loaded once. ``limit`` caps the pictures attacked."""

    def __init__(self, device: str | None, limit: int | None, tell: Pieces | None = None) -> None:
        self.device = device
        self.limit = limit
        self.tell = tell or (lambda what, k, n: None)
        self._pictures: dict[tuple[str, int], tuple[Tensor, Tensor]] = {}
        self._clean: dict[tuple[str, int], Tensor] = {}

    def row(self, job: Crafting | Learning) -> CraftedRow | LearntRow:
        """The row of a job."""
        return self.crafted(job) if isinstance(job, Crafting) else self.learnt(job)

    def crafted(self, job: Crafting) -> CraftedRow:
        """The attack on the source, and what all targets answer to the results."""
        source, attack = self._model(job.source), job.made
        images, labels = self._first(job.part, source, self._capped(job.n))
        batches = torch.arange(len(labels), device="cpu").split(default_batch(images))
        parts = []
        for k, rows in enumerate(batches):
            self.tell(f"{job.attack} on {job.source}", k, len(batches))
            x = attack(source, images[rows].to(source.device), labels[rows].to(source.device))
            parts.append(x.cpu())
        moved = torch.cat(parts)
        change = (moved.double() - images.double()).flatten(1)
        return CraftedRow(
            data=job.part,
            source=job.source,
            attack=job.attack,
            **job.setting,
            parameters=job.fixed,
            n=len(labels),
            mean_linf=change.abs().amax(1).mean().item(),
            mean_l2=change.norm(dim=1).mean().item(),
            targets=tuple(self._cell(name, images, moved, labels) for name in job.targets),
            weights=weights_of(job.targets),
        )

    def _cell(self, name: str, images: Tensor, moved: Tensor, labels: Tensor) -> Cell:
        model, key = self._model(name), (name, len(labels))
        if key not in self._clean:
            self._clean[key] = answers(model, images)
        right = self._clean[key] == labels
        wrong = answers(model, moved) != labels
        return Cell(name, int(right.sum()), int((right & wrong).sum()))

    def learnt(self, job: Learning) -> LearntRow:
        """The rounds of a substitute, each judged on the held-out pictures."""
        model = self._model(job.model)
        n = self._capped(job.n)
        images, labels = (
            x.to(model.device) for x in self._first(job.data, model, job.n + job.first)
        )
        held, start = (images[:n], labels[:n]), images[job.n :]
        method = job.made
        finishes = [method.changed(eps=eps).finish for eps in job.eps]
        stages = []

        def tell(number: int, epoch: int) -> None:
            self.tell(f"substitute of {job.model}, round {number + 1}", epoch, method.epochs)

        for done in method.rounds_on(model, start, tell):
            found = [judge(done.network, model, *held, finish) for finish in finishes]
            one = found[0]
            fooled = (
                tuple(each.fooled for each in found),
                tuple(each.own_fooled for each in found),
            )
            taught = (done.size, done.queries, done.agreement)
            stages.append(Stage(*taught, one.agree, one.right, one.own_right, *fooled))
        direct = [judge(model, model, *held, finish).fooled for finish in finishes]
        return LearntRow(
            model=job.model,
            data=job.data,
            n=n,
            first=len(start),
            eps=job.eps,
            final=job.final,
            parameters=job.fixed,
            stages=tuple(stages),
            direct=tuple(direct),
            weights=weights_of([job.model]),
        )

    def _model(self, name: str) -> Classifier:
        return zoo.load(name, self.device)

    def _capped(self, n: int) -> int:
        return n if self.limit is None else min(n, self.limit)

    def _first(self, data: str, model: Classifier, n: int) -> tuple[Tensor, Tensor]:
        if (data, n) not in self._pictures:
            self._pictures[data, n] = load_test_set(data, model, n)
        return self._pictures[data, n]


def weights_of(models: list[str]) -> dict[str, str]:
    """The digests of the bundled weights by name."""
    index = zoo.index()
    return {name: index[name]["sha256"] for name in models}
