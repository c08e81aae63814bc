"""What a detector that may reject pictures is worth, against a static and an adaptive adversary."""

import torch
from torch import Tensor

from robust_core import attacks
from robust_core.attacks import Attack
from robust_core.defenses import Defended
from robust_core.detectors.fallback import Fallback
from robust_core.detectors.rejection import Rejection, sweep
from robust_core.evaluation.detector_tables import plan
from robust_core.evaluation.detector_tables.bench import DetectorBench
from robust_core.evaluation.detector_tables.parts import SIGMA_PICTURES
from robust_core.evaluation.detector_tables.plan import MissingDetectors
from robust_core.evaluation.detector_tables.rows import RejectRow, RejectTable
from robust_core.evaluation.detector_tables.second import KINDS, about, existing, shares
from robust_core.evaluation.suites import FIELD_EPS

SIGMA = 0.4
"""Of the adaptive adversary: near where static detectors were at chance (Metzen et al., 2017, Fig. 4)."""
POINTS = 100
"""Thresholds of a curve, besides both ends and the calibrated one."""
SHARES = ("accepted_clean", "accepted_adversarial", "clean_accuracy", "harm")


def reject(bench: DetectorBench) -> RejectTable:
    """One detector of each kind: shares by threshold, under BIM and under the dynamic adversary.

    Also those of each second model, on the same pictures: see ``second.shares``.
    """
    names = plan.one_of_each_kind(bench.entries, bench.default)
    if not names:
        raise MissingDetectors(
            "there is no default detector, no dynamic one and none of another method"
        )
    n = bench.count(SIGMA_PICTURES)
    models = existing(bench)
    rows = [_row(bench, name, n, models) for name in names]
    return RejectTable(n=n, sigma=SIGMA, second=about(models), rows=rows)


def curves(row: RejectRow, second: str | None = None) -> dict[str, Rejection | Fallback]:
    """From a row of ``reject``, ``static`` and ``adaptive``, on the same ascending thresholds.

    With the name of a ``second`` model, the policies that fall back on it for what is flagged.
    """
    thresholds = _column([-torch.inf, *row.thresholds])
    first = {
        kind: Rejection(thresholds, *(_column([0.0, *getattr(row, kind)[name]]) for name in SHARES))
        for kind in KINDS
    }
    if second is None:
        return dict(first)
    its = row.second[second]
    right = _column(its["clean"])
    return {kind: Fallback(first[kind], right, _column(its[kind])) for kind in KINDS}


def thresholds_of(scores: Tensor, calibrated: float, points: int = POINTS) -> Tensor:
    """Ascending thresholds: scores ``[N]`` spread evenly by rank, the calibrated one, and 1."""
    ranked = scores.double().sort().values
    ranks = (
        torch.linspace(0, len(ranked) - 1, points, dtype=torch.float32, device="cpu").round().long()
    )
    ends = ranked.new_tensor([calibrated, 1.0])
    return torch.cat([ranked[ranks], ends]).unique()


def _column(values: list[float]) -> Tensor:
    return torch.tensor(values, dtype=torch.float64, device="cpu")


def _row(bench: DetectorBench, name: str, n: int, models: dict[str, Defended]) -> RejectRow:
    static = _static(bench, name)
    size = {key: getattr(static, key) for key in ("eps", "steps", "step_size")}
    adaptive = attacks.create("dynamic", detector=bench.load(name), sigma=SIGMA, **size)
    adversaries = dict(zip(KINDS, (static, adaptive), strict=True))
    answers = {kind: bench.answers([name], each, n)[0] for kind, each in adversaries.items()}
    scores = torch.cat(
        [answers["static"].genuine, *(each.adversarial for each in answers.values())]
    )
    threshold = bench.entries[name]["threshold"]
    grid = thresholds_of(scores, threshold)
    swept = {kind: _shares(sweep(each, grid)) for kind, each in answers.items()}
    return RejectRow(
        detector=name,
        threshold=threshold,
        attack=static.name,
        **size,
        thresholds=grid.tolist(),
        static=swept["static"],
        adaptive=swept["adaptive"],
        second=shares(bench, models, answers, adversaries, grid),
    )


def _shares(rejection: Rejection) -> dict[str, list[float]]:
    return {share: getattr(rejection, share).tolist() for share in SHARES}


def _static(bench: DetectorBench, name: str) -> Attack:
    """BIM of the size that the detector was fitted to, else of that of the classifier's own detector."""
    for asked in (name, bench.default):
        entry = bench.entries.get(asked or "")
        if entry and entry["method"] == plan.SUBNETWORK:
            attack = plan.attack_of(entry)
            if attack.name == "bim":
                return attack
    return attacks.create("bim", eps=FIELD_EPS)
