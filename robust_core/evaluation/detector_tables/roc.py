"""True against false positives of detectors, over all thresholds, with their uncertainty."""

from collections.abc import Iterator

import torch
from torch import Tensor

from robust_core import attacks
from robust_core.attacks import Attack
from robust_core.detectors.measure import Answers, area
from robust_core.evaluation.detector_tables import plan
from robust_core.evaluation.detector_tables.bench import DetectorBench
from robust_core.evaluation.detector_tables.parts import PICTURES
from robust_core.evaluation.detector_tables.plan import MissingDetectors
from robust_core.evaluation.detector_tables.rows import RocRow, RocTable

POINTS = 200
"""Most points of a curve."""
NORMAL_95 = 1.959963984540054
"""Quantile 0.975 of the standard normal distribution."""


def wilson(successes: Tensor, n: int, z: float = NORMAL_95) -> tuple[Tensor, Tensor]:
    """Both ends of the score interval of a share, 95 % by default (Wilson, 1927).

    ``successes`` are counts out of ``n``, any shape; the ends are float64 of that shape in [0, 1].
    Raises ``ValueError`` for n below 1 or counts outside [0, n].
    """
    if n < 1 or (successes < 0).any() or (successes > n).any():
        raise ValueError(f"successes must be from 0 to n, and n at least 1; got n {n}")
    share = successes.double() / n
    centre = share + z * z / (2 * n)
    half = z * (share * (1 - share) / n + (z / (2 * n)) ** 2).sqrt()
    scale = 1 + z * z / n
    low = (centre - half) / scale
    high = (centre + half) / scale
    # Rounding would leave the ends of no and of all successes next to 0 and 1.
    return low.where(successes > 0, 0.0).clamp(0, 1), high.where(successes < n, 1.0).clamp(0, 1)


def curve(genuine: Tensor, adversarial: Tensor, points: int = POINTS) -> dict[str, list[float]]:
    """The ROC curve of scores ``[N]`` and ``[M]``, from (0, 0) to (1, 1), in at most ``points`` points.

    ``false_positives`` and ``true_positives`` are shares of exact points of the curve, spread evenly
    along it; ``low`` and ``high`` are 95 % intervals of the true positives.
    """
    levels = torch.cat([genuine, adversarial]).unique().flip(0)
    # How many of the sorted scores are at or above each level.
    counts = [
        len(s) - torch.searchsorted(s.sort().values, levels, side="left")
        for s in (genuine, adversarial)
    ]
    false, true = (torch.cat([c.new_zeros(1), c]) for c in counts)
    along = (false / len(genuine) + true / len(adversarial)).double()
    wanted = torch.linspace(0, 2, points, dtype=torch.float64, device="cpu")
    kept = torch.searchsorted(along, wanted).clamp_max(len(along) - 1).unique()
    false = false[kept]
    true = true[kept]
    low, high = wilson(true, len(adversarial))
    return {
        "false_positives": (false.double() / len(genuine)).tolist(),
        "true_positives": (true.double() / len(adversarial)).tolist(),
        "low": low.tolist(),
        "high": high.tolist(),
    }


def roc(bench: DetectorBench) -> RocTable:
    """Curves: subnetworks against their own adversary, other detectors against each of the five.

    Only successful pictures count as adversarial; an adversary without any gives no curve.
    """
    n = bench.count(PICTURES)
    rows = []
    for name, attack in _trials(bench):
        (answers,) = bench.answers([name], attack, n)
        if answers.turned.any():
            rows.append(_row(name, attack, answers))
    if not rows:
        raise MissingDetectors("there is no detector with an adversary that succeeds")
    return RocTable(n=n, rows=rows)


def _row(name: str, attack: Attack, answers: Answers) -> RocRow:
    adversarial = answers.adversarial[answers.turned]
    return RocRow(
        detector=name,
        adversary=attack.name,
        eps=getattr(attack, "eps", None),
        **curve(answers.genuine, adversarial),
        auc=area(answers.genuine, adversarial),
        n_genuine=len(answers.genuine),
        n_adversarial=len(adversarial),
    )


def _trials(bench: DetectorBench) -> Iterator[tuple[str, Attack]]:
    """Which detector is tested against which attack."""
    entries = bench.entries
    five = plan.transfer(entries)
    other = plan.others(entries)
    for name in plan.unique([*plan.one_of_each_kind(entries, bench.default), *five]):
        if name not in other:
            yield name, plan.attack_of(entries[name])
    common = [plan.attack_of(entries[name]) for name in five]
    for name in other:
        # Without subnetworks in the index: the adversaries that it was measured against.
        yield from ((name, attack) for attack in common or _measured_against(entries[name]))


def _measured_against(entry: dict) -> list[Attack]:
    return [attacks.create(e["adversary"], **e["parameters"]) for e in entry.get("against", [])]
