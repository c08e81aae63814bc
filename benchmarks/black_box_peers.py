"""Who takes part in benchmarks/black_box.py: the peers' attacks by queries.

Each gets more iterations than the budget allows, and is stopped by the model when the budget is spent. What
the peers leave to the caller (eps, the length of a step) is ours; the rest are their defaults.
"""

import contextlib
import math
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from black_box_judge import ALIGNED, NEAREST
from contestants import installed
from torch import Tensor, nn

from robust_core import attacks

PACKAGES = {
    "foolbox": "foolbox",
    "torchattacks": "torchattacks",
    "ART": "adversarial-robustness-toolbox",
}
Perturb = Callable[[nn.Module, Tensor, Tensor, int], object]
"""Runs the attack on a model, pictures, labels, with a budget."""
MANY = 1_000_000
"""Iterations that no budget pays for."""


@dataclass(frozen=True)
class Peer:
    """An attack of a peer. ``alone``: it takes one picture after the other; ``slow``: for hours."""

    name: str
    run: Perturb
    rows: str = ALIGNED
    alone: bool = False
    slow: bool = False


def peers(ours: attacks.Attack) -> list[Peer]:
    """The installed peers' equivalents of ours."""
    found = {
        "square": [_torchattacks_square(ours, "Linf"), _art_square(ours, np.inf)],
        "square-l2": [_torchattacks_square(ours, "L2"), _art_square(ours, 2)],
        "simba": [_art_simba(ours, "px")],
        "simba-dct": [_art_simba(ours, "dct")],
        "boundary": [_foolbox_boundary(), _art_boundary()],
        "hopskipjump": [_foolbox_hopskipjump("l2"), _art_hopskipjump(2)],
        "hopskipjump-linf": [_foolbox_hopskipjump("linf"), _art_hopskipjump(np.inf)],
        "surfree": [_art_geoda()],
    }.get(ours.name, [])
    return [peer for peer in found if installed(PACKAGES[peer.name.split()[0]])]


def _foolbox(make: Callable[[], object]) -> Perturb:
    def run(model: nn.Module, x: Tensor, y: Tensor, budget: int) -> None:
        import foolbox

        wrapped = foolbox.PyTorchModel(model.eval(), bounds=(0, 1), device=x.device)
        make().run(wrapped, x, foolbox.criteria.Misclassification(y))

    return run


def _foolbox_boundary() -> Peer:
    def make() -> object:
        import foolbox

        return foolbox.attacks.BoundaryAttack(steps=MANY)

    return Peer("foolbox", _foolbox(make))


def _foolbox_hopskipjump(norm: str) -> Peer:
    def make() -> object:
        import foolbox

        return foolbox.attacks.HopSkipJumpAttack(steps=MANY, constraint=norm)

    return Peer("foolbox", _foolbox(make))


def _torchattacks_square(ours: attacks.Attack, norm: str) -> Peer:
    def run(model: nn.Module, x: Tensor, y: Tensor, budget: int) -> None:
        import torchattacks

        torchattacks.Square(model.eval(), norm=norm, eps=ours.eps, n_queries=budget)(x, y)

    return Peer("torchattacks", run, NEAREST)


def _art(make: Callable[[object, int], object], probabilities: bool = False) -> Perturb:
    """An attack of ART, made for a classifier and a budget; ``probabilities``: it wants no logits."""

    def run(model: nn.Module, x: Tensor, y: Tensor, budget: int) -> None:
        from art.estimators.classification import PyTorchClassifier

        classifier = PyTorchClassifier(
            model=nn.Sequential(model, nn.Softmax(1)) if probabilities else model,
            loss=nn.CrossEntropyLoss(),
            input_shape=tuple(x.shape[1:]),
            nb_classes=model.model(x[:1]).shape[1],
            clip_values=(0.0, 1.0),
            device_type="cpu",
        )
        one_hot = nn.functional.one_hot(y, classifier.nb_classes).numpy()
        make(classifier, budget).generate(x.numpy(), one_hot)

    return run


def _art_square(ours: attacks.Attack, norm: float) -> Peer:
    def make(classifier: object, budget: int) -> object:
        from art.attacks.evasion import SquareAttack

        return SquareAttack(classifier, norm=norm, eps=ours.eps, max_iter=budget, verbose=False)

    return Peer("ART", _art(make), NEAREST)


def _art_simba(ours: attacks.Attack, basis: str) -> Peer:
    def make(classifier: object, budget: int) -> object:
        from art.attacks.evasion import SimBA

        return SimBA(
            classifier,
            basis,
            order="random",
            max_iter=budget,
            epsilon=ours.step_size,
            verbose=False,
        )

    return Peer("ART", _art(make, probabilities=True), alone=True, slow=True)


def _art_boundary() -> Peer:
    def make(classifier: object, budget: int) -> object:
        from art.attacks.evasion import BoundaryAttack

        return BoundaryAttack(classifier, targeted=False, max_iter=budget, verbose=False)

    return Peer("ART", _art(make), alone=True, slow=True)


def _art_hopskipjump(norm: float) -> Peer:
    def make(classifier: object, budget: int) -> object:
        from art.attacks.evasion import HopSkipJump

        return HopSkipJump(classifier, norm=norm, max_iter=budget, verbose=False)

    return Peer("ART", _art(make), alone=True, slow=True)


def _art_geoda() -> Peer:
    """GeoDA, the other attack by geometry: SurFree stands against it, as one of the two is enough."""

    def make(classifier: object, budget: int) -> object:
        from art.attacks.evasion import GeoDA

        return GeoDA(classifier, norm=2, max_iter=budget, verbose=False)

    geoda = _art(make)

    def run(model: nn.Module, x: Tensor, y: Tensor, budget: int) -> None:
        np.mat = np.asmatrix  # noqa: NPY201 - its name until NumPy 2, which ART asks for
        with tempfile.TemporaryDirectory() as folder, _inside(folder):  # it leaves a file there
            geoda(model, x, y, budget)

    return Peer("ART GeoDA", run, alone=True)


@contextlib.contextmanager
def _inside(folder: str):
    before = os.getcwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def within(ours: attacks.Attack) -> float:
    """The size that counts as success: eps, where the attack has one."""
    return getattr(ours, "eps", math.inf) * (1 + 1e-4) + 1e-6


def seeded(number: int = 0) -> None:
    """The same random numbers for every run of a peer; others for each picture that it takes alone.

    Else one lucky order of directions would count as often as there are pictures.
    """
    np.random.seed(number)  # noqa: NPY002 - what the peers draw from
    torch.manual_seed(number)
