"""A table of the defences as ``evaluate --suite defenses`` writes it, with made-up figures."""

import json
from dataclasses import asdict
from pathlib import Path

from robust_core import zoo
from robust_core.evaluation.defense_table.rows import (
    KINDS,
    AccuracyRow,
    CertifiedRow,
    CostRow,
    DefenseTableRow,
    Finding,
    FlagsRow,
    MaskingRow,
)
from robust_core.evaluation.flags import QUESTIONS as FLAG_QUESTIONS
from robust_core.evaluation.flags import Flag
from robust_core.evaluation.masking import QUESTIONS

MODEL, FIELD = "cifar10-resnet32", 8 / 255
GRID = (*(k / 255 for k in (1, 2, 4, 8, 12, 16)), 0.01, 0.1, 0.15, 0.5, 0.7)
# subject: name, hyper-parameters, title, accuracy clean, under a naive, unaware and adaptive PGD
SUBJECTS = {
    "none": ("none", {}, "Undefended", 0.92, 0.0, 0.0, 0.0),
    "jpeg quality=50": ("jpeg", {"quality": 50}, "JPEG, quality 50", 0.78, 0.78, 0.18, 0.01),
    "pgd-at": ("pgd-at", {}, "PGD training", 0.77, 0.45, 0.7, 0.45),
    "distilled temperature=100": (
        "distilled",
        {"temperature": 100},
        "T = 100",
        0.9,
        0.88,
        0.8,
        0.0,
    ),
    "smoothing": ("smoothing", {"sigma": 0.25}, "Smoothing", 0.75, 0.6, 0.7, 0.3),
    "pixeldp": ("pixeldp", {"sigma": 0.25}, "PixelDP", 0.8, 0.5, 0.6, 0.2),
}
MASKED = {"jpeg quality=50", "distilled temperature=100"}


def table(sha: str | None = None, n: int = 100, outdated: tuple[str, ...] = ()) -> dict:
    """The whole table. Rows are of the bundled undefended model, those of ``outdated`` of other weights."""
    sha = sha or zoo.index()[MODEL]["sha256"]
    parts = {name: [] for name in KINDS}
    for subject in SUBJECTS:
        weights = {MODEL: "0" if subject in outdated else sha}
        for name, found in rows(subject, weights, n).items():
            parts[name] += [asdict(row) for row in found]
    value = {"suite": "defenses", "command": "python -m robust_core evaluate --suite defenses"}
    value |= {"model": MODEL, "data": "cifar10", "limit": None, "versions": {}}
    value["parts"] = {k: {"device": "cpu", "stamps": {}, "rows": v} for k, v in parts.items()}
    return json.loads(json.dumps(value))  # as it comes back from a file


def write(path: Path, **options) -> Path:
    """``table(**options)`` as a file."""
    path.write_text(json.dumps(table(**options)), encoding="utf-8")
    return path


def rows(subject: str, weights: dict[str, str], n: int) -> dict[str, list[DefenseTableRow]]:
    """The rows of one subject by part."""
    name, parameters, title, clean, naive, unaware, adaptive = SUBJECTS[subject]

    def about(part: str) -> dict:
        words = {"command": f"python -m robust_core evaluate --suite defenses --part {part}"}
        words |= {"part": part, "subject": subject, "defense": name, "title": title, "n": n}
        return words | {"parameters": parameters, "model": MODEL, "weights": weights}

    def row(part: str, threat: str, attack: str | None, eps: float | None, share: float):
        steps = {"pgd": 20, "auto": 100, "cw-l2": 1000}.get(attack)
        return AccuracyRow(
            **about(part),
            threat=threat,
            made_on=None if attack is None else MODEL,
            asked=attack,
            attack=attack,
            attack_parameters={} if steps is None else {"steps": steps, "seed": 0},
            steps=steps,
            seed=None if steps is None else 0,
            norm=None if attack is None else "l2" if attack == "cw-l2" else "linf",
            eps=eps,
            correct=round(share * n),
            mean_l2=None if attack is None else 0.5,
            seconds=1.0,
        )

    attackers = {"naive": naive, "unaware": unaware, "adaptive": adaptive}
    accuracy = [row("accuracy", "clean", None, 0.0, clean)]
    accuracy += [row("accuracy", "naive", "fgsm", FIELD, (clean + naive) / 2)]
    accuracy += [row("accuracy", threat, "pgd", FIELD, left) for threat, left in attackers.items()]
    found = {"accuracy": accuracy, "curves": [row("curves", "clean", None, 0.0, clean)]}
    found["curves"] += [
        row("curves", threat, "pgd", eps, clean * (attackers[threat] / clean) ** (eps / FIELD))
        for threat in ("unaware", "adaptive")
        for eps in GRID
    ]
    found["auto"] = [row("auto", "adaptive", "auto", FIELD, 0.9 * adaptive)]
    if name in ("none", "jpeg"):
        found["jpeg"] = [{**asdict(r), "part": "jpeg"} for r in found["curves"]]
        found["jpeg"] = [AccuracyRow(**r) for r in found["jpeg"]]
    if name in ("none", "distilled"):
        found["distillation"] = [row("distillation", "adaptive", "cw-l2", None, 0.0)]
    if name in ("smoothing", "pixeldp"):
        found["certified"] = [_certified(about("certified"), clean)]
    found["masking"] = [_masking(about("masking"), subject in MASKED)]
    found["flags"] = [_flags(about("flags"), name in ("smoothing", "pixeldp"), subject in MASKED)]
    times = {"milliseconds": 0.5, "milliseconds_alone": 4.0, "device": "cpu", "threads": 2}
    return found | {"cost": [CostRow(**about("cost"), batch=50, **times)]}


def _certified(about: dict, clean: float) -> CertifiedRow:
    right = round(clean * about["n"])
    radii = tuple(0.8 * (i + 1) / right for i in range(right))
    noise = {"norm": "l2", "sigma": 0.25, "draws": 10_000, "selection": 100, "alpha": 0.001}
    rest = {"abstained": about["n"] - right, "wrong": 0, "radii": radii, "seconds": 1.0, "seed": 0}
    return CertifiedRow(**about, **noise, **rest)


def _masking(about: dict, masked: bool) -> MaskingRow:
    findings = tuple(
        Finding(name, question, masked, {"n": 90}, "Made up.")
        for name, question in QUESTIONS.items()
    )
    budget = {"steps": 20, "queries": 500, "draws": 100, "radii": [0.25, 0.5, 1, 2, 4]}
    rest = {"budget": budget, "findings": findings, "seconds": 1.0, "surrogate": MODEL}
    return MaskingRow(**about, right=90, eps=FIELD, seed=0, **rest)


def _flags(about: dict, random: bool, masked: bool) -> FlagsRow:
    raised = {"random": random, "no-gradient": masked or random}
    flags = tuple(
        Flag(name, question, raised.get(name, False), f"Made up of {name}.")
        for name, question in FLAG_QUESTIONS.items()
    )
    return FlagsRow(**about, flags=flags, seconds=1.0)
