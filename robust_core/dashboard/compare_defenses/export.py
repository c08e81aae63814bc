"""The results of the page Compare defences in numbers, as commands, and as a ZIP file."""

import math
from collections.abc import Iterator, Sequence
from typing import Protocol

from robust_core import imaging
from robust_core.dashboard import archive as archives
from robust_core.dashboard.compared_defense import UNDEFENDED, ComparedDefense, describe
from robust_core.dashboard.compared_defense import commands as commands_of
from robust_core.dashboard.components import numbers
from robust_core.data.fitting import to_pixels
from robust_core.evaluation.draws import Chance
from robust_core.experiment.defended import Attacker, DefenseTrial
from robust_core.experiment.defended_look import Look
from robust_core.experiment.perform import Experiment
from robust_core.words.verdict import quoted, verdict

NOBODY = "none"
"""Instead of an attacker: the clean picture."""
UNITS = {"Prediction": "ms", "Undefended": "ms"}


class Results(Protocol):
    """What is known of a row: its answer on the clean picture, and the trials by attacker."""

    row: ComparedDefense
    look: Look | None
    trials: dict[Attacker, DefenseTrial]


def table(undefended: Results, experiment: Experiment, lines: Sequence[Results]) -> list[dict]:
    """A row for each answer: clean, then to each attacker; the undefended model first."""
    wanted = f"Confidence in {quoted(experiment.label.label)}"
    rows = []
    if undefended.look is not None:
        rows.append(_clean(UNDEFENDED, undefended.look, experiment.label.index, wanted))
    rows.append(
        {
            "Defence": UNDEFENDED,
            "Attacker": str(Attacker.UNAWARE),
            "Outcome": verdict(experiment).value,
            "Says": experiment.after[0].label,
            "Confidence": experiment.after[0].confidence,
            wanted: experiment.confidence_after[experiment.label.index],
            **_moved(experiment, experiment.judged),
        }
    )
    for line in lines:
        title = line.row.kind.title
        if line.look is not None:
            rows.append(_clean(title, line.look, experiment.label.index, wanted))
        for attacker, trial in line.trials.items():
            rows.append(
                {
                    "Defence": title,
                    "Attacker": str(attacker),
                    "Outcome": trial.outcome.value,
                    "Fresh draws": _in_draws(trial.chance),
                    **_said(trial.after, experiment.label.index, wanted),
                    **_moved(trial, trial),
                }
            )
    return rows


def _in_draws(chance: Chance | None) -> str | None:
    """In how many fresh draws the goal is reached."""
    return None if chance is None else f"{chance.count} of {chance.n}"


def _clean(title: str, look: Look, label: int, wanted: str) -> dict[str, object]:
    """The answer to the clean picture, and what only that row has: the cost and the guarantee."""
    proof = look.certificate
    beside = look.undefended_seconds
    return {
        "Defence": title,
        "Attacker": NOBODY,
        "Outcome": "Right" if look.guesses[0].index == label else "Wrong",
        **_said(look, label, wanted),
        "Prediction": 1000 * look.seconds,
        "Undefended": None if beside is None else 1000 * beside,
        "Certified L2": None if proof is None else proof.radius,
    }


def _said(look: Look, label: int, wanted: str) -> dict[str, object]:
    first = look.guesses[0]
    return {"Says": first.label, "Confidence": first.confidence, wanted: look.confidences[label]}


def _moved(run: Experiment | DefenseTrial, far) -> dict[str, object]:
    """How far the picture moved, and what the attack spent."""
    picture = run.clean if isinstance(run, Experiment) else run.before.picture
    return {
        "L0": far.l0,
        "L1": far.l1,
        "L2": far.l2,
        "RMS": 255 * far.l2 / math.sqrt(picture.numel()),
        "Linf": 255 * far.linf,
        "Queries": run.queries,
        "Gradients": run.gradients,
        "Zero": run.zero_gradients,
        "Time": 1000 * run.seconds,
        "TV": far.tv,
    }


def commands(undefended: Results, lines: Sequence[Results]) -> str:
    """A command for each cell, under a comment that says which."""
    request = undefended.row.request
    return commands_of(request, ((line.row, line.trials.values()) for line in lines))


def _trials(lines: Sequence[Results]) -> Iterator[tuple[Results, DefenseTrial]]:
    for line in lines:
        for trial in line.trials.values():
            yield line, trial


def archive(undefended: Results, experiment: Experiment, lines: Sequence[Results]) -> bytes:
    """A ZIP: the saved pictures, the same as each defence sees them, the table, and a JSON."""
    request = undefended.row.request
    clean, adversarial = (imaging.png(pixels.numpy()) for pixels in experiment.pixels())
    entries = {"clean.png": clean, "undefended.png": adversarial}
    for line, trial in _trials(lines):
        name = f"{line.row.kind.name}-{trial.attacker}"
        entries[f"{name}.png"] = imaging.png(to_pixels(trial.after.picture)[0])
        entries[f"{name}-seen.png"] = imaging.png(to_pixels(trial.after.seen)[0])
    units = numbers.UNITS | UNITS
    entries["defences.csv"] = numbers.csv(table(undefended, experiment, lines), units)
    looks = [line.look for line in (undefended, *lines) if line.look is not None]
    described = {
        "undefended": experiment.summary() | {"command": request.command()},
        "defenses": [
            describe(line.row, line.look, line.trials) for line in lines if line.look is not None
        ],
        "picture": archives.picture_of(request),
        "weights_sha256": archives.weights_of(
            [
                request.model.name,
                *(look.network for look in looks),
                *filter(None, [request.detector]),
            ]
        ),
        "versions": archives.versions(),
    }
    return archives.zipped(entries, "comparison.json", described)
