"""The verdict: an attack on held-out pictures, judged by what is deployed and by the challenge's ball."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from robust_core import distances
from robust_core.attacks import Attack
from robust_core.classifier import Classifier
from robust_core.data.record import to_float
from robust_core.distances import length_name
from robust_core.evaluation.challenges.ladder import Challenge
from robust_core.evaluation.challenges.proofs import Proof, proved
from robust_core.evaluation.challenges.ways import Way, aimed
from robust_core.evaluation.draws import Share, count_for, drawn, fresh, is_random
from robust_core.modes import evaluating
from robust_core.progress import Progress, part


class Attempt(NamedTuple):
    """What is tried at a challenge: any attack, through any of the ways."""

    challenge: Challenge
    attack: Attack
    way: Way


TRYING = 100
"""How many test pictures, the first ones, are for trying out; a verdict is on the others alone."""
PICTURES, LEAST = 100, 50
"""How many held-out pictures a verdict is on, and the fewest that may be asked for."""
BATCH = 50
ROUNDING = 1e-6
"""By which a length may exceed eps: the rounding of float32."""


@dataclass(frozen=True, eq=False)
class Verdict:
    """What became of N pictures; tensors on the CPU, one entry per picture.

    ``seed`` drew the pictures, which have these ``numbers`` in the test set, and seeded the attack.
    ``clean`` and ``adversarial`` are ``[N, C, H, W]``, ``labels`` int64 ``[N]``.
    """

    attempt: Attempt
    seed: int
    numbers: tuple[int, ...]
    clean: Tensor
    adversarial: Tensor
    labels: Tensor
    before: Tensor
    """The class that is answered to the clean picture, of a random network the most frequent one."""
    after: Tensor
    """The same of the adversarial picture."""
    length: Tensor
    """The distance in the challenge's norm, float64."""
    inside: Tensor
    """Whether that is within the ball, and all values in [0, 1]."""
    right: Tensor
    """Whether the clean picture is right, of a random network in more than half of the draws."""
    kept: Tensor
    """The same of the adversarial picture, and True where that is outside: it does not count."""
    proof: Proof | None
    """Which pictures no attack can turn, and by how much; None for a challenge without a proof."""
    draws: int
    """Fresh draws that a random network was judged by; 1 for any other."""
    zero_gradients: int
    """At so many of its ``steps``, counted for each picture, the gradient of the loss was exactly zero."""
    steps: int
    queries: int
    """Forward passes of the attack, for all pictures."""

    @property
    def success(self) -> bool:
        """Whether the mark is met on enough held-out pictures, some of which are right when clean."""
        enough = self.n >= LEAST and bool(self.right.any())
        return enough and self.accuracy.value <= self.challenge.mark

    @property
    def challenge(self) -> Challenge:
        return self.attempt.challenge

    @property
    def n(self) -> int:
        """How many pictures."""
        return len(self.numbers)

    @property
    def clean_accuracy(self) -> Share:
        return Share(int(self.right.sum()), self.n)

    @property
    def accuracy(self) -> Share:
        """Under attack, of the pictures that are right when clean."""
        return Share(int((self.right & self.kept).sum()), int(self.right.sum()))

    @property
    def floor(self) -> Share | None:
        """The share of those that is proved: accuracy cannot fall below it. None without a proof."""
        if self.proof is None:
            return None
        return Share(int((self.right & self.proof.holds).sum()), int(self.right.sum()))

    @property
    def fallen(self) -> Tensor:
        """The pictures that were right and no longer are, bool ``[N]``."""
        return self.right & ~self.kept

    @property
    def outside(self) -> int:
        """Pictures that were right, and whose change left the ball."""
        return int((self.right & ~self.inside).sum())


def judge(
    attempt: Attempt,
    seed: int,
    n: int = PICTURES,
    *,
    progress: Progress | None = None,
    device: Any = "cpu",
) -> Verdict:
    """The verdict on ``n`` held-out test pictures, which ``seed`` draws; it also seeds the attack.

    Any attack may be handed in: what it makes is measured, and what leaves the ball does not count.
    ``progress(k, n)`` counts pictures, attacked and proved.

    Raises ``ValueError`` for fewer than ``LEAST`` pictures, or more than there are, and ``DataMissing``
    where the data set is not on this computer.
    """
    held_out = attempt.challenge.record.splits["test"] - TRYING
    if not LEAST <= n <= held_out:
        raise ValueError(f"n must be a whole number from {LEAST} to {held_out}; got {n!r}")
    if "seed" in attempt.attack.parameters:
        attempt = attempt._replace(attack=attempt.attack.changed(seed=seed))
    chance = torch.Generator().manual_seed(seed)
    order = torch.randperm(held_out, generator=chance, device="cpu")
    numbers = (TRYING + order[:n]).sort().values.tolist()
    return _verdict(attempt, seed, numbers, progress, device)


def try_out(
    attempt: Attempt, number: int, *, progress: Progress | None = None, device: Any = "cpu"
) -> Verdict:
    """The same for one picture that no verdict is on: the test picture of that number, below ``TRYING``."""
    if not 0 <= number < TRYING:
        raise ValueError(f"number must be a whole number from 0 to {TRYING - 1}; got {number!r}")
    return _verdict(attempt, 0, [number], progress, device)


def _verdict(
    attempt: Attempt, seed: int, numbers: list[int], progress: Progress | None, device: Any
) -> Verdict:
    challenge = attempt.challenge
    stored, labels = (x[numbers] for x in challenge.record.stored("test"))
    images = to_float(stored)
    total = len(numbers) * (2 if challenge.proof else 1)
    adversarial, zero, steps, queries = _made(
        attempt, images.to(device), labels.to(device), part(progress, 0, total)
    )
    deployed = challenge.load(device).deployed
    draws = fresh(count_for(deployed)) if is_random(deployed) else range(1)
    before, after = (_answers(deployed, draws, x) for x in (images, adversarial))
    right, still = (2 * (said == labels[:, None]).sum(1) > len(draws) for said in (before, after))
    length = distances.all_norms(adversarial, images)[length_name(challenge.norm)]
    within = ((adversarial >= 0) & (adversarial <= 1)).flatten(1).all(1)
    inside = within & (length <= challenge.eps + ROUNDING)
    proof = None
    if challenge.proof:
        told = part(progress, len(numbers), total)
        proof = proved(challenge, images.to(device), labels, told)
    return Verdict(
        attempt,
        seed,
        tuple(numbers),
        images,
        adversarial,
        labels,
        before.mode(1).values,
        after.mode(1).values,
        length,
        inside,
        right,
        still | ~inside,
        proof,
        len(draws),
        zero,
        steps,
        queries,
    )


def _made(
    attempt: Attempt, images: Tensor, labels: Tensor, progress: Progress | None
) -> tuple[Tensor, int, int, int]:
    """The adversarial pictures; the steps without a gradient, all steps, all queries."""
    run, victim = aimed(*attempt.challenge.load(images.device), attempt.attack, attempt.way)
    made, spent, done = [], torch.zeros(3, dtype=torch.int64, device="cpu"), 0
    for rows in torch.arange(len(images), device="cpu").split(BATCH):

        def tell(*_: Tensor, done: int = done) -> None:
            if progress is not None:
                progress(done, len(images))

        tell()
        record = run.run(victim, images[rows], labels[rows], observer=tell)
        made.append(record.x_adv.cpu())
        counts = record.zero_gradients, record.iterations, record.queries_forward
        spent += torch.stack([count.cpu().sum() for count in counts])
        done += len(rows)
    zero, steps, queries = spent.tolist()
    return torch.cat(made), zero, steps, queries


@torch.no_grad()
def _answers(model: Classifier, draws: Sequence[int], images: Tensor) -> Tensor:
    """The classes that a model answers under each draw, int64 ``[N, D]``."""
    said = []
    with evaluating(model):
        for draw in draws:
            with drawn(model, draw) as asked:
                said.append(asked(images.to(model.device)).argmax(1).cpu())
    return torch.stack(said, 1)
