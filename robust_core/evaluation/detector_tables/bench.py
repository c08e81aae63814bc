"""Detectors and adversarial test pictures: each picture is made once, each detector asked once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from robust_core.attacks import Attack
from robust_core.classifier import Classifier
from robust_core.detectors import Detector
from robust_core.detectors.measure import EIGHT_BIT, PASS, Answers, ask, per_pass, to_lattice
from robust_core.evaluation.detector_tables.plan import Entries


class Pairs(Protocol):
    """Pictures and their adversarial versions, by rows."""

    def pairs(self, rows: slice, device: torch.device) -> tuple[Tensor, Tensor]:
        """Both, float32 ``[n, C, H, W]`` in [0, 1], on ``device``."""


@dataclass
class Scored:
    """Scores ``[N]`` of each detector that was asked, and where the classifier is right, bool ``[N]``.

    Both are empty until the first detector is asked.
    """

    scores: dict[str, Tensor] = field(default_factory=dict)
    right: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.bool, device="cpu"))


@dataclass
class DetectorBench:
    """All that the tables are made from.

    Args:
        entries: the detectors of ``classifier`` in the index, by name.
        default: the name of the classifier's own detector, if it has one.
        images: test pictures, bytes ``[N, C, H, W]``, and ``labels`` ``[N]`` their true classes.
        load: a detector by its name.
        craft: ``craft(attack, n)`` gives the first n pictures and their adversarial versions.
        remember: ``remember(what, make)`` is ``make()``, or its earlier result for the same ``what``.
        limit: pictures of each table; None: as many as the table says, and at most ``most``.
        track: ``track(rows, what)`` yields the rows and shows progress.
    """

    entries: Entries
    default: str | None
    classifier: Classifier
    images: Tensor
    labels: Tensor
    load: Callable[[str], Detector]
    craft: Callable[[Attack, int], Pairs]
    remember: Callable[[dict, Callable[[], dict]], dict] = lambda what, make: make()
    limit: int | None = None
    most: int | None = None
    track: Callable[[Sequence[slice], str], Iterable[slice]] = lambda rows, what: rows
    asked: dict[tuple[Attack | None, int, bool], Scored] = field(default_factory=dict)
    answered: dict[tuple[Classifier, Attack | None, int], Tensor] = field(default_factory=dict)

    def count(self, own: int) -> int:
        """Pictures of a table that takes ``own`` of them, unless ``limit`` says or others allow fewer."""
        return min(self.limit or min(own, self.most or own), len(self.labels))

    def answers(
        self, names: Sequence[str], attack: Attack, n: int, *, eight_bit: bool = False
    ) -> list[Answers]:
        """The answers of each of some detectors on the first ``n`` pictures, before and after an attack.

        ``eight_bit`` rounds both to 8 bits; the clean ones, which are bytes, stay as they are.
        """
        clean = self._scored(names, None, n, False)
        after = self._scored(names, attack, n, eight_bit)
        return [
            Answers(clean.scores[name], after.scores[name], clean.right, after.right)
            for name in names
        ]

    @torch.no_grad()
    def right(self, model: Classifier, attack: Attack | None, n: int) -> Tensor:
        """Where another ``model`` is right on the first ``n`` pictures after an attack, bool ``[n]``.

        The attack is on the classifier of the bench, as everywhere here; None leaves them clean.
        """
        key = (model, attack, n)
        if key not in self.answered:
            parts = [(model(x).argmax(1) == y).cpu() for x, y in self._pictures(attack, n, False)]
            self.answered[key] = torch.cat(parts)
        return self.answered[key]

    def floats(self, rows: slice) -> tuple[Tensor, Tensor]:
        """Pictures in [0, 1] and their classes on the device of the classifier."""
        device = self.classifier.device
        return self.images[rows].to(device).float().div_(EIGHT_BIT), self.labels[rows].to(device)

    def rows(self, n: int, what: str, most: int = PASS) -> Iterable[slice]:
        """The first ``n`` rows, at most ``most`` at a time."""
        batch = per_pass(self.images, most)
        parts = [slice(start, min(start + batch, n)) for start in range(0, n, batch)]
        return self.track(parts, what)

    def _scored(
        self, names: Sequence[str], attack: Attack | None, n: int, eight_bit: bool
    ) -> Scored:
        scored = self.asked.setdefault((attack, n, eight_bit), Scored())
        lacking = [name for name in names if name not in scored.scores]
        if lacking:
            detectors = [self.load(name) for name in lacking]
            parts = [ask(detectors, x, y) for x, y in self._pictures(attack, n, eight_bit)]
            scores = torch.cat([scores for scores, _ in parts], 1)
            scored.right = torch.cat([right for _, right in parts])
            scored.scores |= dict(zip(lacking, scores, strict=True))
        return scored

    def _pictures(
        self, attack: Attack | None, n: int, eight_bit: bool
    ) -> Iterator[tuple[Tensor, Tensor]]:
        crafted = None if attack is None else self.craft(attack, n)
        for rows in self.rows(n, f"ask about {attack.name if attack else 'clean'}"):
            images, labels = self.floats(rows)
            if crafted is not None:
                images = crafted.pairs(rows, self.classifier.device)[1]
            yield to_lattice(images) if eight_bit else images, labels
