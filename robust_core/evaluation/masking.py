"""The masking checklist: six signs that a model hides its gradients rather than being robust.

The first five are those of Athalye, Carlini and Wagner (2018, section 3.1), the sixth counts gradients
that are exactly zero. The attacker here is naive on purpose: it differentiates the model as it is, through
the plain softmax cross-entropy in float32, and never through ``model.adaptive``. Where a sign shows,
accuracy under such attacks says nothing; where none does, nothing is proved.

Only pictures that the model gets right count. Chance is not a sign: each comparison is a binomial test
at ``LEVEL``, so that an honest model shows a given sign in at most one of twenty draws. A random defence is
judged on fresh draws: a picture is right, or flipped, where it is in most of them. What else may mislead an
attack is found without one: see ``flags``.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

import scipy  # its parts are loaded where they are first used
import torch
from torch import Tensor

from robust_core import attacks
from robust_core.attacks import Attack
from robust_core.attacks.checks import check_batch, check_labels
from robust_core.contract import Asked, check_pictures
from robust_core.engine import in_batches
from robust_core.evaluation.draws import count_for, drawn, fresh, is_random
from robust_core.modes import evaluating

Model = Callable[[Tensor], Tensor]
LEVEL = 0.05
TOLERATED = 0.01
"""Share of pictures that may be missed, or have a gradient of zero, without being a sign."""
LOSS = "softmax-ce"


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What the checklist may spend on each picture.

    ``steps`` of each iterative attack, ``queries`` of Square, ``draws`` of random search; ``radii`` are
    the multiples of eps, rising, at which success should grow.
    """

    steps: int = 20
    queries: int = 300
    draws: int = 100
    radii: tuple[float, ...] = (0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True)
class Finding:
    """One line of the checklist. ``numbers`` are counts of pictures, shares in [0, 1], eps and p-values."""

    name: str
    question: str
    suspicious: bool
    numbers: dict[str, float | int]
    sentence: str


QUESTIONS = {
    "one-step": "Does one step beat many?",
    "black-box": "Does an attack without gradients beat one with them?",
    "whole-box": "Does accuracy stay above zero where every picture is allowed?",
    "random-search": "Does random search find what gradients miss?",
    "no-growth": "Does success not grow with eps?",
    "zero-gradients": "Are gradients exactly zero?",
}
"""The six, by name: "yes" is suspicious."""


def checklist(
    model: Model,
    images: Tensor,
    labels: Tensor,
    *,
    eps: float = 8 / 255,
    seed: int = 0,
    batch: int | None = None,
    surrogate: Model | None = None,
    budget: Budget = Budget(),
    progress: Callable[[int, int], object] | None = None,
) -> tuple[Finding, ...]:
    """Look for the six signs of masked gradients.

    "With gradients" means BIM, as a random start would already be random search. It takes
    ``budget.steps`` steps of 2.5 eps / steps.

    Args:
        model: any callable from ``[N, C, H, W]`` in [0, 1] to logits ``[N, K]``.
        images: pictures ``[N, C, H, W]`` in [0, 1] on the device of the model.
        labels: true classes, int64 ``[N]``. The least difference that is a sign: 5 pictures against none
            in a comparison, or 4 not flipped of 100 that should all be.
        eps: Linf radius of the comparisons, in [0, 1].
        seed: of Square and of random search.
        batch: pictures at a time (None: 100).
        surrogate: another model; pictures made on it are a second attack without gradients.
        budget: steps, queries, draws and radii.
        progress: called as ``progress(k, n)`` after each of n pieces of work; raising stops the checklist.

    Returns:
        Six findings, in the order of ``QUESTIONS``.

    Raises:
        ValueError: eps is not in (0, 1], an argument does not fit, or no picture is right to begin with.
    """
    if not 0 < eps <= 1:
        raise ValueError(f"eps must be above 0 and at most 1; got {eps}")
    if not budget.radii or list(budget.radii) != sorted(set(budget.radii)):
        raise ValueError(f"radii of budget must rise; got {budget.radii}")
    check_batch(images)
    check_pictures(model, images)
    images, labels = images.detach(), check_labels(labels, images)
    right = _mostly(model, images, labels, batch or 100)
    if not right.any():
        raise ValueError("images must include some that the model gets right; it gets none right")
    trial = _Trial(model, images[right], labels[right], batch or 100, surrogate, budget, progress)
    return trial.findings(eps, seed)


@dataclass
class _Trial:
    """Attacks on the pictures that are right, each made once: bool ``[n]``, which of them it flips."""

    model: Model
    images: Tensor
    labels: Tensor
    batch: int
    surrogate: Model | None
    budget: Budget
    progress: Callable[[int, int], object] | None
    done: int = 0
    total: int = 0
    made: dict[Attack, tuple[Tensor, Tensor]] = field(default_factory=dict)

    @property
    def n(self) -> int:
        return len(self.labels)

    def findings(self, eps: float, seed: int) -> tuple[Finding, ...]:
        radii = [min(1.0, eps * times) for times in self.budget.radii]
        once = attacks.create("fgsm", eps=eps, loss=LOSS)
        square = attacks.create("square", eps=eps, max_queries=self.budget.queries, seed=seed)
        noise = attacks.create("noise", eps=eps, draws=self.budget.draws, seed=seed)
        trials = {once, square, noise, *(self._bim(e) for e in (eps, 1.0, *radii))}
        self.total = (len(trials) + (self.surrogate is not None)) * -(-self.n // self.batch)
        iterative = self._flipped(self._bim(eps))
        return (
            self._one_step(self._flipped(once), iterative),
            self._black_box(self._flipped(square), iterative, eps),
            self._whole_box(self._flipped(self._bim(1.0))),
            self._random_search(self._flipped(noise), iterative),
            self._no_growth(radii, [self._flipped(self._bim(e)) for e in radii]),
            self._zero_gradients(self._run(once)[1]),
        )

    def _bim(self, eps: float) -> Attack:
        return attacks.create("bim", eps=eps, steps=self.budget.steps, loss=LOSS)

    def _flipped(self, attack: Attack) -> Tensor:
        return self._run(attack)[0]

    def _run(self, attack: Attack) -> tuple[Tensor, Tensor]:
        """Which pictures an attack flips, and for which its gradient was exactly zero, on the CPU."""
        if attack not in self.made:

            def work(rows: Tensor) -> tuple[Tensor, Tensor]:
                record = attack.run(self.model, self.images[rows], self.labels[rows])
                flipped = record.success.cpu()
                if is_random(self.model):  # that was the attacker's own draw
                    flipped = self._wrong(record.x_adv, rows)
                self._advance()
                return flipped, record.zero_gradients.cpu() > 0

            self.made[attack] = in_batches(work, torch.arange(self.n, device="cpu"), self.batch)
        return self.made[attack]

    def _transferred(self, eps: float) -> Tensor:
        """Which pictures are flipped by what BIM makes of them on the surrogate."""
        attack = attacks.create("bim", eps=eps, steps=self.budget.steps)

        def work(rows: Tensor) -> Tensor:
            assert self.surrogate is not None
            moved = attack(self.surrogate, self.images[rows], self.labels[rows])
            self._advance()
            return self._wrong(moved, rows)

        return in_batches(work, torch.arange(self.n, device="cpu"), self.batch)

    def _wrong(self, moved: Tensor, rows: Tensor) -> Tensor:
        return _mostly(self.model, moved, self.labels[rows], self.batch, wrong=True)

    def _advance(self) -> None:
        self.done += 1
        if self.progress is not None:
            self.progress(min(self.done, self.total), self.total)

    def _one_step(self, once: Tensor, iterative: Tensor) -> Finding:
        only, p = _beats(once, iterative)
        numbers = {"fgsm": _count(once), "bim": _count(iterative), "only_fgsm": only, "p": p}
        return self._finding(
            "one-step",
            p < LEVEL,
            numbers,
            f"One step flips {numbers['fgsm']}, {self.budget.steps} steps flip {numbers['bim']}; "
            f"{only} fall to the one step alone",
        )

    def _black_box(self, square: Tensor, iterative: Tensor, eps: float) -> Finding:
        only, p = _beats(square, iterative)
        numbers = {"square": _count(square), "bim": _count(iterative), "only_square": only, "p": p}
        said = f"Square flips {numbers['square']} in at most {self.budget.queries} queries"
        if self.surrogate is not None:
            transferred = self._transferred(eps)
            only, p_transfer = _beats(transferred, iterative)
            numbers |= {"transfer": _count(transferred), "only_transfer": only}
            numbers["p"] = min(1.0, 2 * min(p, p_transfer))  # Bonferroni: two tests
            said += f", pictures made on another model flip {numbers['transfer']}"
        said += f", gradients flip {numbers['bim']}"
        return self._finding("black-box", numbers["p"] < LEVEL, numbers, said)

    def _whole_box(self, flipped: Tensor) -> Finding:
        left = self.n - _count(flipped)
        p = _exceeds(left, self.n)
        said = f"With eps 1, where every picture is allowed, {left} stay right"
        return self._finding("whole-box", p < LEVEL, {"left": left, "p": p}, said)

    def _random_search(self, noise: Tensor, iterative: Tensor) -> Finding:
        only = _count(noise & ~iterative)
        p = _exceeds(only, self.n)
        numbers = {"noise": _count(noise), "bim": _count(iterative), "only_noise": only, "p": p}
        said = (
            f"The best of {self.budget.draws} random corners of the ball flips {numbers['noise']}, "
            f"{only} of which gradients miss"
        )
        return self._finding("random-search", p < LEVEL, numbers, said)

    def _no_growth(self, radii: list[float], flipped: list[Tensor]) -> Finding:
        """Success falls somewhere, or it is no higher at the largest radius than at the smallest."""
        pairs = list(pairwise(flipped))
        falls = [_beats(small, large)[1] for small, large in pairs]
        p = min(1.0, min(falls, default=1.0) * len(pairs))  # Bonferroni
        grown = _count(flipped[-1]) > _count(flipped[0])
        full = _exceeds(self.n - _count(flipped[0]), self.n) >= LEVEL
        numbers: dict[str, float | int] = {f"flipped_{i}": _count(f) for i, f in enumerate(flipped)}
        numbers |= {f"eps_{i}": eps for i, eps in enumerate(radii)} | {"p_fall": p}
        steps = ", ".join(
            f"{_count(f)} at {eps:.3g}" for eps, f in zip(radii, flipped, strict=True)
        )
        suspicious = p < LEVEL or not (grown or full)
        return self._finding("no-growth", suspicious, numbers, f"Gradients flip {steps}")

    def _zero_gradients(self, zero: Tensor) -> Finding:
        count = _count(zero)
        numbers = {"zero": count, "share": count / self.n, "tolerated": TOLERATED}
        said = f"The gradient of the softmax cross-entropy is exactly zero for {count}"
        return self._finding("zero-gradients", count / self.n > TOLERATED, numbers, said)

    def _finding(
        self, name: str, suspicious: bool, numbers: dict[str, float | int], said: str
    ) -> Finding:
        sentence = f"{said} (of {self.n} pictures that are right)."
        return Finding(name, QUESTIONS[name], suspicious, {"n": self.n} | numbers, sentence)


def _count(mask: Tensor) -> int:
    return int(mask.sum())


def _beats(one: Tensor, other: Tensor) -> tuple[int, float]:
    """Pictures that only ``one`` flips, and the probability of that many if neither were better.

    McNemar's exact test, one-sided, over the pictures that only one of the two flips.
    """
    only = _count(one & ~other)
    rest = _count(other & ~one)
    if not only:
        return 0, 1.0
    return only, float(scipy.stats.binomtest(only, only + rest, 0.5, "greater").pvalue)


def _exceeds(count: int, n: int) -> float:
    """The probability of at least ``count`` of ``n`` if the true share were ``TOLERATED``."""
    return float(scipy.stats.binomtest(count, n, TOLERATED, "greater").pvalue)


@torch.no_grad()
def _mostly(
    model: Model, images: Tensor, labels: Tensor, batch: int, *, wrong: bool = False
) -> Tensor:
    """Where the most probable class is the label, or not, in more than half of the draws: bool ``[N]``."""
    draws = fresh(count_for(model)) if is_random(model) else range(1)
    times = torch.zeros(len(labels), dtype=torch.int64, device="cpu")
    with evaluating(model):
        for draw in draws:
            with drawn(model, draw) as judge:
                ask = Asked(judge)
                said = torch.cat([ask(part).argmax(1).cpu() for part in images.split(batch)])
            times += (said != labels.cpu()) if wrong else (said == labels.cpu())
    return 2 * times > len(draws)
