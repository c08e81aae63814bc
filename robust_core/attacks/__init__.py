"""Attacks: a registry from names to classes.

attacks.create("pgd", eps=8 / 255, steps=20)(model, images, labels)
attacks.create("uap", eps=10 / 255).fit(model, images, labels).apply(others)
"""

from typing import Any

from robust_core.attacks.apgd import APGD, APGDL2, APGDT
from robust_core.attacks.base import Attack, AttackResult
from robust_core.attacks.black_box.boundary import Boundary
from robust_core.attacks.black_box.hopskipjump import HopSkipJump, HopSkipJumpLinf
from robust_core.attacks.black_box.labels import Starts
from robust_core.attacks.black_box.nes import NES
from robust_core.attacks.black_box.simba import SimBA, SimBADCT
from robust_core.attacks.black_box.square import Square
from robust_core.attacks.black_box.square_l2 import SquareL2
from robust_core.attacks.black_box.surfree import SurFree
from robust_core.attacks.carlini.l0 import CWL0
from robust_core.attacks.carlini.l2 import CWL2
from robust_core.attacks.carlini.linf import CWLinf
from robust_core.attacks.deepfool import DeepFool, DeepFoolLinf
from robust_core.attacks.ensemble import Auto
from robust_core.attacks.gradient import BIM, BIML2, FGSM, PGD, PGDL2
from robust_core.attacks.multitargeted import PGDT
from robust_core.attacks.nearest.ddn import DDN
from robust_core.attacks.nearest.fmn import FMNL0, FMNL1, FMNL2, FMNLinf
from robust_core.attacks.nearest.jsma import JSMA
from robust_core.attacks.nearest.sigma_zero import SigmaZero
from robust_core.attacks.noise import Noise
from robust_core.attacks.pair.combined import CWL2Pair, PGDPair
from robust_core.attacks.pair.dynamic import Dynamic
from robust_core.attacks.physical.eot import EOT
from robust_core.attacks.transfer.diversity import DIFGSM
from robust_core.attacks.transfer.momentum import MIFGSM
from robust_core.attacks.transfer.substitute import Substitute
from robust_core.attacks.transfer.translation import TIFGSM
from robust_core.attacks.universal.fitted import Universal
from robust_core.attacks.universal.patch import Patch
from robust_core.attacks.universal.sgd import UAPSGD
from robust_core.attacks.universal.uap import UAP, UAPL2
from robust_core.parameters import Paper
from robust_core.registry import Registry

__all__ = [
    "APGD",
    "APGDL2",
    "APGDT",
    "BIM",
    "BIML2",
    "CWL0",
    "CWL2",
    "DDN",
    "DIFGSM",
    "EOT",
    "FGSM",
    "FMNL0",
    "FMNL1",
    "FMNL2",
    "JSMA",
    "MIFGSM",
    "NES",
    "PGD",
    "PGDL2",
    "PGDT",
    "REGISTRY",
    "TIFGSM",
    "UAP",
    "UAPL2",
    "UAPSGD",
    "Attack",
    "AttackResult",
    "Auto",
    "Boundary",
    "CWL2Pair",
    "CWLinf",
    "DeepFool",
    "DeepFoolLinf",
    "Dynamic",
    "FMNLinf",
    "HopSkipJump",
    "HopSkipJumpLinf",
    "Noise",
    "PGDPair",
    "Paper",
    "Patch",
    "SigmaZero",
    "SimBA",
    "SimBADCT",
    "Square",
    "SquareL2",
    "Starts",
    "Substitute",
    "SurFree",
    "Universal",
    "create",
    "get",
    "local_names",
    "names",
]

REGISTRY: Registry[type[Attack]] = Registry(
    "attack",
    (
        Noise,
        FGSM,
        BIM,
        BIML2,
        PGD,
        PGDL2,
        PGDT,
        APGD,
        APGDL2,
        APGDT,
        DeepFool,
        DeepFoolLinf,
        CWL2,
        CWLinf,
        CWL0,
        DDN,
        FMNL2,
        FMNLinf,
        FMNL1,
        FMNL0,
        SigmaZero,
        JSMA,
        Square,
        SquareL2,
        NES,
        SimBA,
        SimBADCT,
        Boundary,
        HopSkipJump,
        HopSkipJumpLinf,
        SurFree,
        Auto,
        MIFGSM,
        DIFGSM,
        TIFGSM,
        Substitute,
        EOT,
        UAP,
        UAPL2,
        UAPSGD,
        Patch,
        Dynamic,
        PGDPair,
        CWL2Pair,
    ),
)


def names(*, pair: bool = False) -> list[str]:
    """The registered names, in the order in which they are taught.

    Those that need nothing but a classifier; with ``pair`` those that also need a ``detector``.
    """
    return [attack.name for attack in REGISTRY if attack.on_a_pair == pair]


def local_names() -> list[str]:
    """Those of ``names`` that make a change for each picture, not one for all (``scope``)."""
    return [name for name in names() if get(name).scope == "local"]


def get(name: str) -> type[Attack]:
    """The class of an attack, of either kind. Raises ``ValueError`` naming the allowed ones."""
    return REGISTRY.get(name)


def create(name: str, **hyper_parameters: Any) -> Attack:
    """An attack by its name. Raises ``ValueError`` for an unknown name, field or value."""
    return REGISTRY.create(name, **hyper_parameters)
