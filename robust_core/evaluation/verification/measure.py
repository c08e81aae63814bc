"""The rows of the suite: for each picture what each method certifies, and what the attack reaches."""

import itertools
import time
from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core import attacks, verification
from robust_core.classifier import Classifier
from robust_core.evaluation.verification import plan
from robust_core.modes import evaluating
from robust_core.progress import Progress
from robust_core.verification.record import BROKEN, PROVED, UNKNOWN, WRONG
from robust_core.verification.solving import processor_time

LONGEST = 20.0
"""Times the budget of a picture that is waited at most, where the machine has little time for us."""


@dataclass(frozen=True)
class Row:
    """One picture at one radius. Margins are in logits, those of ``lower`` certified, by method.

    ``status`` is "proved" where any method proves it, "broken" where a picture in the ball fools the
    network. ``exact`` is the least margin where the programs ended in time, else None; ``attack`` the
    least margin that PGD reached. ``unstable`` ReLUs are those that CROWN leaves undecided. ``seconds``
    are for the bounds and programs of the last method; ``timed_out`` says that its time ran out.
    """

    picture: int
    status: str
    clean: float
    lower: dict[str, float]
    exact: float | None
    attack: float | None
    unstable: int
    seconds: float
    timed_out: bool


def rows_of(
    model: Classifier,
    images: Tensor,
    labels: Tensor,
    job: plan.Job,
    progress: Progress | None = None,
) -> list[Row]:
    """The rows of a job, one for each of ``images`` ``[N, C, H, W]``; ``progress`` counts pictures."""
    *cheap, last = job.plan.methods
    begun = time.perf_counter(), processor_time()
    bounds = {
        method: verification.verify(model, images, labels, job.eps, method, attack=False)
        for method in cheap
    }
    right = bounds[cheap[0]].clean > 0
    reached, fooled = attacked(model, images, labels, job.eps)
    settled = fooled | torch.stack([record.verified for record in bounds.values()]).any(0)
    found = []
    for k in range(len(labels)):
        if progress is not None:
            progress(k, len(labels))
        one = slice(k, k + 1)
        budget = job.plan.settled if settled[k] else job.plan.seconds
        exact = verification.verify(
            model,
            images[one],
            labels[one],
            job.eps,
            last,
            seconds=waited(budget, *begun),
            attack=False,
        )
        lower = {method: record.lower[k].item() for method, record in bounds.items()}
        lower[last] = exact.lower.item()
        broken = exact.status[0] == BROKEN or bool(fooled[k])
        status = PROVED if max(lower.values()) > 0 else BROKEN if broken else UNKNOWN
        known = not exact.exact.isnan().item()
        found.append(
            Row(
                picture=k,
                status=status if exact.status[0] != WRONG else WRONG,
                clean=exact.clean.item(),
                lower=lower if right[k] else {},
                exact=exact.exact.item() if known else None,
                attack=reached[k].item() if right[k] else None,
                unstable=int(exact.unstable.item()),
                seconds=exact.seconds,
                timed_out=bool(exact.timed_out.item()),
            )
        )
    return found


def waited(seconds: float, wall: float, processor: float) -> float:
    """How long ``seconds`` of processor time take here, on a machine that may be busy with other things.

    ``wall`` and ``processor`` are the two clocks at the beginning of the job; the second also counts the
    processes that solve the programs.
    """
    passed = time.perf_counter() - wall
    share = (processor_time() - processor) / passed if passed > 0 else 1.0
    return seconds / min(1.0, max(1 / LONGEST, share))


def attacked(
    model: Classifier, images: Tensor, labels: Tensor, eps: float
) -> tuple[Tensor, Tensor]:
    """The least margin ``[N]`` that PGD towards each class reaches, and which pictures it fools."""
    pgd = attacks.create(
        plan.ATTACK, eps=eps, steps=plan.STEPS, restarts=plan.RESTARTS, loss="margin"
    )
    x = pgd(model, images.to(model.device), labels.to(model.device))
    with evaluating(model), torch.no_grad():
        logits = model(x).cpu().double()
    labels = labels.cpu()
    own = logits.gather(1, labels[:, None])
    margins = (own - logits.scatter(1, labels[:, None], -torch.inf)).amin(1)
    return margins, logits.argmax(1) != labels


def contradictions(rows: list[Row], methods: tuple[str, ...]) -> list[str]:
    """Sentences on every pair of figures that cannot both be true; none, if all is well.

    Bounds grow from the loosest method to the exact one, none is above the least margin, and that is not
    above what the attack reached. A time-out is left out where an exact value is needed.
    """
    told = []
    for row in rows:
        where = f"picture {row.picture}"
        chain = [(method, row.lower[method]) for method in methods if method in row.lower]
        for (loose, a), (tight, b) in itertools.pairwise(chain):
            if a > b + plan.TOLERANCE:
                told.append(f"{where}: {loose} certifies {a:.6f}, {tight} only {b:.6f}")
        for name, value in (("the exact minimum", row.exact), ("the attack", row.attack)):
            for method, bound in chain:
                if value is not None and bound > value:
                    told.append(f"{where}: {method} certifies {bound:.6f}, {name} is {value:.6f}")
        if row.exact is not None and row.attack is not None:
            if row.exact > row.attack + plan.TOLERANCE:
                told.append(f"{where}: the attack reaches {row.attack:.6f}, below {row.exact:.6f}")
            if (row.exact > plan.TOLERANCE) != (row.status == PROVED) and abs(
                row.exact
            ) > plan.TOLERANCE:
                told.append(f"{where} is {row.status}, with an exact margin of {row.exact:.6f}")
    return told


@dataclass(frozen=True)
class Summary:
    """Counts of a job: pictures right when clean, proved by each method, broken, unknown, out of time."""

    n: int
    right: int
    proved: dict[str, int]
    broken: int
    unknown: int
    timed_out: int
    unstable: float
    seconds: float
    """Median for a picture, by the last method."""


def summary(rows: list[Row], methods: tuple[str, ...]) -> Summary:
    """What a line of the table says."""
    asked = [row for row in rows if row.status != WRONG]
    unstable = sum(row.unstable for row in asked) / max(1, len(asked))
    seconds = sorted(row.seconds for row in asked)
    return Summary(
        n=len(rows),
        right=len(asked),
        proved={m: sum(row.lower[m] > 0 for row in asked) for m in methods},
        broken=sum(row.status == BROKEN for row in asked),
        unknown=sum(row.status == UNKNOWN for row in asked),
        timed_out=sum(row.timed_out for row in asked),
        unstable=unstable,
        seconds=seconds[len(seconds) // 2] if seconds else 0.0,
    )
