"""One picture attacked by queries alone: what the attacker has seen and found, meanwhile and at the end."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from robust_core.attacks import Attack
from robust_core.attacks import knowledge as known
from robust_core.attacks.base import AttackResult
from robust_core.attacks.ledger import Curve, Ledger
from robust_core.classifier import Classifier, Guess
from robust_core.contract import usable
from robust_core.data.fitting import to_pixels, to_tensor
from robust_core.experiment.perform import UNTARGETED
from robust_core.goals import Goal
from robust_core.probabilities import as_logits
from robust_core.progress import Progress

TOP = 3
"""Classes whose scores are shown of an answer."""
LOOKS = 100
"""How often an attack that uses its whole budget is looked at, about."""
Points = tuple[tuple[int, float], ...]
"""The best distance or margin so far: a query number and a value for each improvement."""


@dataclass(frozen=True)
class Look:
    """An attack under way, after ``queries`` queries. Pictures are uint8 ``[H, W, C]``.

    ``points`` is its curve so far, ``first`` the query at which it first reached the goal (None: not
    yet). ``best`` is the best picture so far, ``asked`` the one asked about last, and ``answer`` what the
    attacker was told: the scores of the likeliest classes, or one class whose confidence stays unknown
    (NaN).
    """

    queries: int
    points: Points
    first: int | None
    best: Tensor
    asked: Tensor
    answer: tuple[Guess, ...]


@dataclass(frozen=True)
class Queried(Look):
    """The same at the end, by the attack's own record.

    ``what`` is "distance" (in the attack's norm) or "margin" (in logits). ``after`` is what the model
    says of the best picture, which the attacker need not know. Distances are those of the exact result.
    """

    what: str
    success: bool
    label: Guess
    after: Guess
    l2: float
    linf: float
    seconds: float
    answers: str
    notices: tuple[str, ...]

    def within(self, distance: float) -> int | None:
        """The query after which the best distance was at most ``distance``; None: it never was."""
        return next((query for query, value in self.points if value <= distance), None)


class Curtain(nn.Module):
    """A model of which only the answers come out; ``heard`` gets each pass, its pictures and answers."""

    def __init__(self, model: Classifier, heard: Callable[[Tensor, Tensor], object]) -> None:
        super().__init__()
        self.model = model
        self.heard = heard

    def forward(self, images: Tensor) -> Tensor:
        answers = self.model(images)
        self.heard(images, answers)
        return answers

    def check_pictures(self, images: Tensor) -> None:
        self.model.check_pictures(images)


class Watch:
    """Follows an attack on one picture by its ledger, and hands a ``Look`` to ``show`` now and then."""

    def __init__(
        self,
        model: Classifier,
        clean: Tensor,
        attack: Attack,
        progress: Progress | None,
        show: Callable[[Look], object] | None,
    ) -> None:
        assert attack.limit is not None
        self.model = model
        self.curtain = Curtain(model, self._hear)
        self.one_label = attack.knowledge == known.LABELS
        self.best = self.asked = clean
        self.answers = clean.new_empty(0)
        self.queries = 0
        self.progress = progress
        self.show = show
        self.limit = attack.limit
        self.every = max(1, attack.limit // LOOKS)
        self.ledger: Ledger | None = None
        self._shown = self._improvements = 0

    def follow(self, ledger: Ledger) -> None:
        """Called by the oracle, before the first query."""
        self.ledger = ledger

    def __call__(self, images: Tensor, loss: Tensor) -> None:
        """An iterate, once its answers are in the ledger: kept where the curve has just got better."""
        assert self.ledger is not None
        if self.ledger.improvements > self._improvements:
            self._improvements = self.ledger.improvements
            self.best = images[:1].cpu()
        if self.show is not None and self.queries >= self._shown + self.every:
            self._shown = self.queries
            self.show(self.look())

    def _hear(self, images: Tensor, answers: Tensor) -> None:
        """A pass; one that is not a query of the attack, such as the judge's, is passed over."""
        assert self.ledger is not None
        spent = int(self.ledger.spent[0])
        if spent == self.queries:
            return
        self.queries, self.asked, self.answers = spent, images[-1:], answers[-1:].detach()
        if self.progress is not None:
            self.progress(spent, self.limit)

    def look(self) -> Look:
        """What there is by now."""
        assert self.ledger is not None
        first = int(self.ledger.first[0])
        return Look(
            queries=self.queries,
            points=points_of(self.ledger.curve()),
            first=None if first < 0 else first,
            best=_pixels(self.best),
            asked=_pixels(self.asked),
            answer=self.answer(),
        )

    def answer(self) -> tuple[Guess, ...]:
        """What the attacker learned from the last query, and no more than that."""
        guesses = self.model.name_classes(shares_of(self.answers), TOP)[0]
        if self.one_label:
            return (Guess(guesses[0].index, guesses[0].label, float("nan")),)
        return tuple(guesses)


def query(
    model: Classifier,
    pixels,
    attack: Attack,
    *,
    label: int | None = None,
    goal: Goal = UNTARGETED,
    progress: Progress | None = None,
    show: Callable[[Look], object] | None = None,
) -> Queried:
    """Attack one picture through a curtain.

    Args:
        pixels: uint8 ``[h, w, c]`` of the model's size.
        attack: one that learns from queries alone (``by_queries``).
        label: the true class; None: what the model says.
        progress: called as ``progress(queries, max_queries)``; what it raises ends the attack.
        show: called with a ``Look`` about ``LOOKS`` times.

    Raises ``ValueError`` for any other attack, or where the picture is not of the model's size.
    """
    if not attack.by_queries:
        raise ValueError(f"attack must be one by scores or labels; got {attack.name}")
    clean = to_tensor(pixels)
    images = clean.to(model.device)
    model.check_pictures(images)
    with torch.no_grad():
        before = shares_of(model(images))
    label = int(before.argmax()) if label is None else label
    watch = Watch(model, clean, attack, progress, show)
    begun = time.perf_counter()
    record = attack.run(
        watch.curtain,
        images,
        torch.tensor([label], device=model.device, dtype=torch.int64),
        goal,
        observer=watch,
    )
    return _finished(watch, record, before, label, time.perf_counter() - begun)


def _finished(
    watch: Watch, record: AttackResult, before: Tensor, label: int, seconds: float
) -> Queried:
    assert record.curve is not None
    assert record.queries_to_success is not None
    model = watch.model
    with torch.no_grad():
        after = model.name_classes(shares_of(model(record.x_adv)), 1)[0][0]
    first = int(record.queries_to_success[0])
    return Queried(
        queries=int(record.queries_forward[0]),
        points=points_of(record.curve),
        first=None if first < 0 else first,
        best=_pixels(record.x_adv),
        asked=_pixels(watch.asked),
        answer=watch.answer(),
        what=record.curve.what,
        success=bool(record.success[0]),
        label=Guess(label, model.class_names[label], before[0, label].item()),
        after=after,
        l2=record.l2[0].item(),
        linf=record.linf[0].item(),
        seconds=seconds,
        answers=record.answers,
        notices=record.notices,
    )


def usable_logits(answers: Tensor) -> Tensor:
    """Logits float64 ``[N, K]`` of a model's answers."""
    return as_logits(usable(answers.detach())).double()


def shares_of(answers: Tensor) -> Tensor:
    """Probabilities float64 ``[N, K]`` of a model's answers."""
    return usable_logits(answers).softmax(1)


def points_of(curve: Curve, picture: int = 0) -> Points:
    """A picture's curve as plain numbers."""
    queries, values = curve.of(picture)
    return tuple(zip(queries.tolist(), values.tolist(), strict=True))


def _pixels(image: Tensor) -> Tensor:
    """The first of ``[N, C, H, W]`` as uint8 ``[H, W, C]``."""
    return torch.from_numpy(to_pixels(image[:1].detach().cpu())[0])
