"""What a detector that may reject pictures is worth, against a static and an adaptive adversary."""

import torch
from torch import Tensor

from robust_core import attacks
from robust_core.attacks import Attack
from robust_core.evaluation import detection_plan as plan
from robust_core.evaluation.detection_bench import Bench
from robust_core.evaluation.detection_parts import SIGMA_PICTURES
from robust_core.evaluation.detection_plan import Lacking
from robust_core.evaluation.rejection import Rejection, sweep
from robust_core.evaluation.suites import FIELD_EPS

SIGMA = 0.4
"""Of the adaptive adversary: near where static detectors were at chance (Metzen et al., 2017, Fig. 4)."""
POINTS = 100
"""Thresholds of a curve, besides both ends and the calibrated one."""
SHARES = ("accepted_clean", "accepted_adversarial", "clean_accuracy", "harm")


def reject(bench: Bench) -> dict:
    """One detector of each kind: shares by threshold, under BIM and under the dynamic adversary."""
    names = plan.chief(bench.entries, bench.default)
    if not names:
        raise Lacking("there is no default detector, no dynamic one and none of another method")
    n = bench.count(SIGMA_PICTURES)
    return {"n": n, "sigma": SIGMA, "rows": [_row(bench, name, n) for name in names]}


def curves(row: dict) -> dict[str, Rejection]:
    """From a row of ``reject``, ``static`` and ``adaptive``, on the same ascending thresholds."""
    thresholds = torch.tensor([-torch.inf, *row["thresholds"]], dtype=torch.float64)
    return {
        kind: Rejection(
            thresholds,
            *(torch.tensor([0.0, *row[kind][name]], dtype=torch.float64) for name in SHARES),
        )
        for kind in ("static", "adaptive")
    }


def thresholds_of(scores: Tensor, calibrated: float, points: int = POINTS) -> Tensor:
    """Ascending thresholds: scores ``[N]`` spread evenly by rank, the calibrated one, and 1."""
    ranked = scores.double().sort().values
    ranks = torch.linspace(0, len(ranked) - 1, points).round().long()
    ends = ranked.new_tensor([calibrated, 1.0])
    return torch.cat([ranked[ranks], ends]).unique()


def _row(bench: Bench, name: str, n: int) -> dict:
    static = _static(bench, name)
    size = {key: getattr(static, key) for key in ("eps", "steps", "step_size")}
    adaptive = attacks.create("dynamic", detector=bench.load(name), sigma=SIGMA, **size)
    answers = {
        kind: bench.answers([name], attack, n)[0]
        for kind, attack in (("static", static), ("adaptive", adaptive))
    }
    scores = torch.cat(
        [answers["static"].genuine, *(each.adversarial for each in answers.values())]
    )
    threshold = bench.entries[name]["threshold"]
    grid = thresholds_of(scores, threshold)
    swept = {kind: sweep(each, grid) for kind, each in answers.items()}
    return {
        "detector": name,
        "threshold": threshold,
        "attack": static.name,
        **size,
        "thresholds": grid.tolist(),
        **{
            kind: {share: getattr(each, share).tolist() for share in SHARES}
            for kind, each in swept.items()
        },
    }


def _static(bench: Bench, name: str) -> Attack:
    """BIM of the size that the detector was made for, else of that of the classifier's own detector."""
    for asked in (name, bench.default):
        entry = bench.entries.get(asked or "")
        if entry and entry["method"] == plan.SUBNETWORK:
            attack = plan.attack_of(entry)
            if attack.name == "bim":
                return attack
    return attacks.create("bim", eps=FIELD_EPS)
