"""Attackers aware of the detector (Carlini and Wagner, 2017; Metzen et al., 2017, section 3.3)."""

from collections.abc import Iterator
from dataclasses import asdict

import torch
from torch import Tensor

from robust_core import attacks
from robust_core.attacks import Attack
from robust_core.detectors.measure import ask, to_lattice
from robust_core.distances import l2
from robust_core.evaluation.detector_tables import plan
from robust_core.evaluation.detector_tables.bench import DetectorBench
from robust_core.evaluation.detector_tables.parts import FEW
from robust_core.evaluation.detector_tables.plan import MissingDetectors
from robust_core.evaluation.detector_tables.rows import FullKnowledgeRow, FullKnowledgeTable
from robust_core.evaluation.suites import FIELD_EPS

BATCH = 100
PARAMETERS: dict[str, dict] = {}
"""Of attacks on a pair that do not run at their defaults."""


def full_knowledge(bench: DetectorBench) -> FullKnowledgeTable:
    """One detector of each kind against every attack on a classifier and its detector.

    An attack with an eps runs at that of the detector's own adversary, and at ``FIELD_EPS``.
    """
    names = plan.one_of_each_kind(bench.entries, bench.default)
    if not names:
        raise MissingDetectors(
            "there is no default detector, no dynamic one and none of another method"
        )
    n = bench.count(FEW)
    return FullKnowledgeTable(
        n=n, rows=[_remembered(bench, name, a, n) for name, a in _trials(bench, names)]
    )


def _trials(bench: DetectorBench, names: list[str]) -> Iterator[tuple[str, Attack]]:
    for name in names:
        for kind in attacks.names(pair=True):
            given = PARAMETERS.get(kind, {}) | {"detector": bench.load(name)}
            if not attacks.get(kind).has_eps:
                yield name, attacks.create(kind, **given)
                continue
            for eps in sorted({_radius(bench, name), FIELD_EPS}):
                yield name, attacks.create(kind, eps=eps, **given)


def _radius(bench: DetectorBench, name: str) -> float:
    """The Linf radius that a detector was fitted to, else that of the classifier's own detector."""
    for asked in (name, bench.default):
        entry = bench.entries.get(asked or "")
        if entry and entry["method"] == plan.SUBNETWORK:
            attack = plan.attack_of(entry)
            if attack.has_eps and attack.norm == "linf":
                return attack.parameters["eps"]
    return FIELD_EPS


def _remembered(bench: DetectorBench, name: str, attack: Attack, n: int) -> FullKnowledgeRow:
    what = {"detector": name, "attack": attack.name, "parameters": attack.parameters, "n": n}
    return FullKnowledgeRow(**bench.remember(what, lambda: asdict(fooled(bench, name, attack, n))))


def fooled(bench: DetectorBench, name: str, attack: Attack, n: int) -> FullKnowledgeRow:
    """What an attack on the pair achieves on the first ``n`` pictures."""
    detector = bench.load(name)
    parts = []
    for rows in bench.rows(n, f"{attack.name} on {name}", BATCH):
        images, labels = bench.floats(rows)
        adversarial = attack(bench.classifier, images, labels)
        said = [ask([detector], x, labels) for x in (images, adversarial, to_lattice(adversarial))]
        right = torch.stack([right for _, right in said])
        flagged = torch.cat([scores for scores, _ in said]) > detector.threshold
        counts = right[0] & ~flagged[0]
        both = ~right & ~flagged
        distances = l2(adversarial, images)
        parts.append(torch.stack([counts, ~right[1], both[1], both[2], distances]).double())
    counts, classifier, both, both_8bit, distances = torch.cat(parts, 1)
    counts = counts.bool()
    both = both.bool()
    return FullKnowledgeRow(
        detector=name,
        attack=attack.name,
        eps=getattr(attack, "eps", None),
        norm=attack.norm,
        steps=getattr(attack, "steps", None),
        parameters=attack.parameters,
        n=n,
        of=int(counts.sum()),
        fools_classifier=_mean(classifier[counts]),
        fools_both=_mean(both[counts]),
        fools_both_8bit=_mean(both_8bit[counts]),
        mean_l2=_mean(distances[counts & both]),
    )


def _mean(values: Tensor) -> float | None:
    """The mean; None for no values."""
    return values.double().mean().item() if len(values) else None
