"""The parts of the table of the defences: what makes the rows of one subject."""

import math
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from robust_core.attacks import Attack
from robust_core.classifier import Classifier
from robust_core.defenses.noisy import GUESSES, Smoothing
from robust_core.evaluation import masking
from robust_core.evaluation.defense_table.bench import DefenseBench, PictureResults, aware_of
from robust_core.evaluation.defense_table.plan import Subject
from robust_core.evaluation.defense_table.rows import (
    CERTIFIED,
    CLEAN,
    COST,
    FLAGS,
    MASKING,
    ROWS,
    UNAWARE,
    AccuracyRow,
    CertifiedRow,
    CostRow,
    FlagsRow,
    MaskingRow,
)
from robust_core.evaluation.flags import run_time_flags

REPEATS = 5
"""How often a prediction is timed."""


@dataclass(frozen=True)
class By:
    """Who attacks: the attack that was ``asked`` for, as it was run, and the model it was made on."""

    threat: str = CLEAN
    asked: str | None = None
    attack: Attack | None = None
    made_on: str | None = None


NOBODY = By()


def attempts(bench: DefenseBench, part: str, subject: Subject) -> list[AccuracyRow]:
    """Clean accuracy, and accuracy under each attempt of the part at each of its radii."""
    about = bench.about(part, subject)
    rows = []
    started = time.perf_counter()
    clean = bench.clean(subject, about["n"])
    rows.append(_row(about, clean, clean, time.perf_counter() - started))
    for attempt in bench.plan.parts[part].of(subject):
        for asked in attempt.attacks():
            attack = aware_of(subject.create(), attempt.threat, asked)
            started = time.perf_counter()
            trial = bench.attempt(subject, attempt.threat, attack, about["n"])
            seconds = time.perf_counter() - started
            unaware = attempt.threat == UNAWARE
            made_on = bench.victim(subject) if unaware else bench.model(subject)
            by = By(attempt.threat, asked.name, attack, made_on.name)
            rows.append(_row(about, clean, trial, seconds, by))
    return rows


def certified(bench: DefenseBench, part: str, subject: Subject) -> list[CertifiedRow]:
    """The certificate of each picture, from as many draws as the part says."""
    about = bench.about(part, subject)
    model = bench.model(subject)
    defended: Any = model.defense  # one with a certificate
    defense = replace(defended, **bench.plan.parts[part].options(subject))
    labels = bench.labels[: about["n"]].tolist()
    started = time.perf_counter()
    found = []
    for rows in bench.rows(subject, about["n"], f"{subject.key}: certificates"):
        pictures = bench.images[rows].to(model.device).split(1)
        found += [defense.certificate(model.base, image) for image in pictures]
    held = [(one.radius, one.label == y) for one, y in zip(found, labels, strict=True)]
    return [
        CertifiedRow(
            **about | {"parameters": defense.parameters},
            norm="l2",
            sigma=found[0].sigma,
            draws=defense.n,
            selection=GUESSES if isinstance(defense, Smoothing) else None,
            alpha=defense.alpha,
            seed=defense.seed,
            abstained=sum(radius == 0 for radius, _ in held),
            wrong=sum(radius > 0 and not right for radius, right in held),
            radii=tuple(sorted(_down(radius) for radius, right in held if radius > 0 and right)),
            seconds=time.perf_counter() - started,
        )
    ]


def _down(radius: float) -> float:
    """Five decimals, never more than was certified."""
    return math.floor(radius * 1e5) / 1e5


def checklist(bench: DefenseBench, part: str, subject: Subject) -> list[MaskingRow]:
    """The six findings on the deployed model, with the undefended one as surrogate.

    No row for a subject that gets none of the pictures right: there is nothing to hide.
    """
    about = bench.about(part, subject)
    model = bench.model(subject)
    options = bench.plan.parts[part].options(subject)
    if not bench.clean(subject, about["n"]).right.any():
        return []
    images, labels = (x[: about["n"]].to(model.device) for x in (bench.images, bench.labels))
    surrogate = None if model is bench.undefended else bench.undefended
    progress = partial(bench.progress, f"{subject.key}: checklist")
    started = time.perf_counter()
    findings = masking.checklist(
        model, images, labels, surrogate=surrogate, progress=progress, **options
    )
    return [
        MaskingRow(
            **about,
            right=int(findings[0].numbers["n"]),
            eps=options["eps"],
            seed=options["seed"],
            surrogate=surrogate.name if surrogate else None,
            budget=asdict(options["budget"]),
            findings=findings,
            seconds=time.perf_counter() - started,
            draws=bench.draws(subject),
        )
    ]


def flags(bench: DefenseBench, part: str, subject: Subject) -> list[FlagsRow]:
    """The run-time flags of the deployed model, whose gradients a naive attacker follows."""
    about = bench.about(part, subject)
    model = bench.model(subject)
    started = time.perf_counter()
    found = run_time_flags(model, bench.images[: about["n"]].to(model.device))
    return [FlagsRow(**about, flags=found.each, seconds=time.perf_counter() - started)]


def cost(bench: DefenseBench, part: str, subject: Subject) -> list[CostRow]:
    """How long predictions take."""
    about = bench.about(part, subject)
    model = bench.model(subject)
    images = bench.images[: about["n"]].to(model.device)
    return [
        CostRow(
            **about,
            batch=len(images),
            milliseconds=_milliseconds(bench, model, images) / len(images),
            milliseconds_alone=_milliseconds(bench, model, images[:1]),
            device=str(model.device),
            threads=torch.get_num_threads(),
        )
    ]


MAKERS: dict[str, Callable[[DefenseBench, str, Subject], list]] = {
    **dict.fromkeys(ROWS, attempts),
    CERTIFIED: certified,
    MASKING: checklist,
    FLAGS: flags,
    COST: cost,
}
"""By part."""


def _row(
    about: dict, clean: PictureResults, trial: PictureResults, seconds: float, by: By = NOBODY
) -> AccuracyRow:
    attack = by.attack
    given = attack.parameters if attack else {}
    flipped = trial.l2.unsqueeze(1).expand_as(trial.right)[clean.right & ~trial.right]
    counts = trial.right.sum(0).tolist()
    return AccuracyRow(
        **about,
        threat=by.threat,
        made_on=by.made_on,
        asked=by.asked,
        attack=attack.name if attack else None,
        attack_parameters={name: value for name, value in given.items() if name != "eps"},
        steps=given.get("steps"),
        seed=given.get("seed"),
        norm=attack.norm if attack else None,
        eps=0.0 if attack is None else given.get("eps"),
        correct=counts[0] if len(counts) == 1 else statistics.fmean(counts),
        draws=tuple(counts) if len(counts) > 1 else (),
        mean_l2=flipped.mean().item() if len(flipped) else None,
        seconds=round(seconds, 2),
    )


@torch.no_grad()
def _milliseconds(bench: DefenseBench, model: Classifier, images: Tensor) -> float:
    """The median time of a pass over ``images``, after one warm-up pass."""
    model(images)
    return 1000 * statistics.median(bench.seconds(lambda: model(images)) for _ in range(REPEATS))
