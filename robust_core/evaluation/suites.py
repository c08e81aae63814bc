"""Named sets of evaluations whose results are committed, so that each figure shown can be made anew."""

from dataclasses import dataclass, field

DASHBOARD_EPS = (0.01, 0.1, 0.15, 0.5, 0.7)
FIELD_EPS = 8 / 255
LINF_EPS = (0.01, FIELD_EPS, 0.1, 0.15, 0.5, 0.7)
L2_EPS = (0.25, 0.5)


@dataclass(frozen=True)
class Part:
    """One attack at several radii, otherwise at its defaults."""

    attack: str
    eps: tuple[float, ...]
    parameters: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Suite:
    """A model, a test set, and what the model is put through on it."""

    model: str
    data: str
    parts: tuple[Part, ...]


GRADIENT_ATTACKS = (
    *(Part(name, LINF_EPS) for name in ("noise", "fgsm", "bim", "pgd")),
    *(Part(name, L2_EPS) for name in ("bim-l2", "pgd-l2")),
)

SUITES = {
    "cifar10": Suite("cifar10-resnet32", "cifar10", GRADIENT_ATTACKS),
    "digits": Suite("digits-cnn", "digits", GRADIENT_ATTACKS),
}


def get(name: str) -> Suite:
    """A suite. Raises ``ValueError`` naming what there is."""
    if name not in SUITES:
        raise ValueError(f"suite must be one of {', '.join(SUITES)}, or list; got {name!r}")
    return SUITES[name]
