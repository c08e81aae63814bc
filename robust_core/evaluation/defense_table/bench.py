"""Subjects on test pictures: each attack runs once, each row records all that it depends on."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor

from robust_core.attacks import Attack
from robust_core.classifier import Classifier
from robust_core.defenses import Defended, Defense
from robust_core.engine import in_batches
from robust_core.evaluation.defense_table.plan import DefensePlan, Subject
from robust_core.evaluation.defense_table.rows import ADAPTIVE, UNAWARE
from robust_core.evaluation.draws import count_for, drawn, fresh, is_random
from robust_core.modes import evaluating
from robust_core.progress import Pieces

BATCH = 100
SMALL_BATCH = 10
"""Pictures at a time, and those of costly subjects, whose answers take many passes."""


class PictureResults(NamedTuple):
    """The result of an attack, by picture: still right under each draw ``[n, D]``, and the L2 distance."""

    right: Tensor
    l2: Tensor


@dataclass
class DefenseBench:
    """All that the table is made from.

    Args:
        suite: name of the suite that ``plan`` belongs to.
        undefended: the model of the plan, on the device to compute on.
        images: float test pictures ``[N, C, H, W]`` in [0, 1], and ``labels`` ``[N]``, on the CPU.
        limit: pictures of each part at most; None: as many as the plan says.
        progress: called as ``progress(what, k, n)`` after each of n pieces of work; raising stops the work.
    """

    suite: str
    plan: DefensePlan
    undefended: Classifier
    images: Tensor
    labels: Tensor
    limit: int | None = None
    progress: Pieces = lambda what, k, n: None
    models: dict[str, Classifier] = field(default_factory=dict)
    crafted: dict[tuple[int, Attack], Tensor] = field(default_factory=dict)

    def model(self, subject: Subject) -> Classifier:
        """The undefended model behind the subject's defence."""
        if subject.key not in self.models:
            defense = subject.create()
            self.models[subject.key] = defense(self.undefended) if defense else self.undefended
        return self.models[subject.key]

    def count(self, part: str, subject: Subject) -> int:
        """Pictures of a subject in a part."""
        own = self.plan.parts[part].few if subject.costly else self.plan.parts[part].pictures
        return min(own, self.limit or own, len(self.labels))

    def about(self, part: str, subject: Subject) -> dict:
        """The fields of ``rows.DefenseTableRow``."""
        model = self.model(subject)
        defense = subject.create()
        base = model.base if isinstance(model, Defended) else model
        words = ["python", "-m", "robust_core", "evaluate", "--suite", self.suite, "--part", part]
        return {
            "part": part,
            "command": " ".join(words + (["--limit", str(self.limit)] if self.limit else [])),
            "subject": subject.key,
            "defense": subject.defense,
            "title": subject.title(),
            "parameters": defense.parameters if defense else {},
            "model": base.name,
            "weights": {m.name: _sha(m) for m in (self.undefended, base)},
            "n": self.count(part, subject),
        }

    def clean(self, subject: Subject, n: int) -> PictureResults:
        """How the subject does without an attack."""
        right = self._right(subject, self.images[:n], f"{subject.key}: clean")
        return PictureResults(right, torch.zeros(n, dtype=torch.float64, device="cpu"))

    def attempt(self, subject: Subject, threat: str, attack: Attack, n: int) -> PictureResults:
        """How the subject does when one kind of attacker runs ``attack`` on the first ``n`` pictures."""
        what = f"{subject.key}: {attack.name}, {threat}"
        if threat == UNAWARE:
            moved = self._moved(self.victim(subject), attack, n, subject, what)
        else:
            moved = self._craft(self.model(subject), attack, n, subject, what, threat == ADAPTIVE)
        l2 = (moved - self.images[:n]).double().flatten(1).norm(dim=1)
        return PictureResults(self._right(subject, moved, what), l2)

    def draws(self, subject: Subject) -> int:
        """How many fresh draws judge a subject; 0 for one that is not random."""
        model = self.model(subject)
        return count_for(model) if is_random(model) else 0

    def victim(self, subject: Subject) -> Classifier:
        """The model on which an unaware attacker makes the pictures."""
        model = self.model(subject)
        return model.victim if isinstance(model, Defended) else model

    def seconds(self, work: Callable[[], object]) -> float:
        """How long ``work`` takes, including what it started on the device."""
        started = time.perf_counter()
        work()
        if self.undefended.device.type == "cuda":
            torch.cuda.synchronize(self.undefended.device)
        return time.perf_counter() - started

    def rows(self, subject: Subject, n: int, what: str) -> Iterator[Tensor]:
        """Indices of the first ``n`` pictures, in batches; reports progress."""
        parts = torch.arange(n, device="cpu").split(SMALL_BATCH if subject.costly else BATCH)
        for i, rows in enumerate(parts):
            yield rows
            self.progress(what, i + 1, len(parts))

    def _moved(
        self, victim: Classifier, attack: Attack, n: int, subject: Subject, what: str
    ) -> Tensor:
        """Made once for all subjects whose attackers make their pictures on the same model."""
        key = (id(victim), attack)  # its name does not tell the settings of its defence
        if len(self.crafted.get(key, ())) < n:
            self.crafted[key] = self._craft(victim, attack, n, subject, what, False)
        return self.crafted[key][:n]

    def _craft(
        self, model: Classifier, attack: Attack, n: int, subject: Subject, what: str, knows: bool
    ) -> Tensor:
        def work(rows: Tensor) -> Tensor:
            images, labels = (x[rows].to(model.device) for x in (self.images, self.labels))
            return attack(model, images, labels, adaptive=knows).cpu()

        parts = [in_batches(work, rows, len(rows)) for rows in self.rows(subject, n, what)]
        return torch.cat(parts)

    @torch.no_grad()
    def _right(self, subject: Subject, images: Tensor, what: str) -> Tensor:
        """Where the subject is right, under each draw that judges it: bool ``[n, D]``."""
        model = self.model(subject)
        draws = fresh(self.draws(subject)) or range(1)

        def work(rows: Tensor) -> Tensor:
            pictures = images[rows].to(model.device)
            said = []
            for draw in draws:
                with drawn(model, draw) as judge:
                    said.append(judge(pictures).argmax(1).cpu())
            return torch.stack(said, 1) == self.labels[rows].unsqueeze(1)

        with evaluating(model):
            parts = [
                in_batches(work, rows, len(rows))
                for rows in self.rows(subject, len(images), f"{what}, asked")
            ]
        return torch.cat(parts)


def aware_of(defense: Defense | None, threat: str, attack: Attack) -> Attack:
    """The attack as an unaware or aware attacker runs it."""
    if defense is None or threat not in (UNAWARE, ADAPTIVE):
        return attack
    return defense.of_aware(attack) if threat == ADAPTIVE else defense.of_unaware(attack)


def _sha(model: Classifier) -> str | None:
    return model.provenance.details.get("sha256")
