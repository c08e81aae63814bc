"""The second models that flagged pictures can fall back on: which ones exist, and their answers."""

import torch
from torch import Tensor

from robust_core import defenses, zoo
from robust_core.attacks import Attack
from robust_core.defenses import Defended, Defense
from robust_core.detectors.fallback import Second, fallback
from robust_core.detectors.measure import Answers
from robust_core.evaluation.detector_tables.bench import DetectorBench
from robust_core.evaluation.detector_tables.rows import SecondModel

KINDS = ("static", "adaptive")
SECONDS: dict[str, tuple[str, dict]] = {
    "pgd-at": ("robust", {}),
    "jpeg": ("squeezed", {"quality": 75}),
    "median": ("squeezed", {"width": 2}),
    "smoothing": ("smoothed", {"n": 32}),
}
"""By name of the defence: what the model behind it is called, and its hyper-parameters."""


def second(name: str) -> Defense:
    """The defence ``name`` with the hyper-parameters with which it is measured here."""
    return defenses.create(name, **SECONDS[name][1])


def existing(bench: DetectorBench) -> dict[str, Defended]:
    """By name: all of ``SECONDS`` that exist for the classifier."""
    made = {name: second(name) for name in SECONDS}
    model = bench.classifier
    return {name: each(model) for name, each in made.items() if not each.refusal(model.name)}


def about(models: dict[str, Defended]) -> dict[str, SecondModel]:
    """By name: hyper-parameters, and the weights behind the defence."""
    return {
        name: SecondModel(
            parameters=model.defense.parameters,
            weights=model.base.name,
            weights_sha256=model.base.provenance.details.get("sha256"),
        )
        for name, model in models.items()
    }


def shares(
    bench: DetectorBench,
    models: dict[str, Defended],
    answers: dict[str, Answers],
    adversaries: dict[str, Attack],
    grid: Tensor,
) -> dict[str, dict[str, list[float]]]:
    """By second model: shares of flagged pictures, at minus infinity and each threshold of ``grid``.

    ``clean`` is P(flagged, and it is right | clean); ``static`` and ``adaptive`` are P(flagged, and it
    is wrong | adversarial), on the pictures of the ``adversaries`` of these names.
    """
    grid = torch.cat([grid.new_tensor([-torch.inf]), grid])
    found: dict[str, dict[str, list[float]]] = {}
    for name, model in models.items():
        found[name] = {}
        for kind in KINDS:
            n = len(answers[kind].before)
            right = [bench.right(model, attack, n) for attack in (None, adversaries[kind])]
            policy = fallback(answers[kind], Second(*right), grid)
            found[name] |= {"clean": _written(policy.second_right)}
            found[name] |= {kind: _written(policy.second_wrong)}
    return found


def missing(measured: dict[str, SecondModel], model: str) -> dict[str, str]:
    """By name: why a second model is missing for the classifier ``model``; none for those that exist.

    ``measured`` are those of the table of ``reject``. Figures of other weights than the bundled ones do
    not count.
    """
    index = zoo.index()
    why = {}
    for name in SECONDS:
        reason = second(name).refusal(model)
        known = measured.get(name)
        if reason:
            why[name] = reason
        elif known is None:
            why[name] = f"{name} has not been measured yet"
        elif index.get(known.weights, {}).get("sha256") != known.weights_sha256:
            why[name] = f"{name} was measured with other weights than the bundled ones"
    return why


def _written(values: Tensor) -> list[float]:
    """Rounded: the rounding errors of differences would triple the file."""
    return [round(value, 12) for value in values.tolist()]
