"""What the indicators of attack failure are, and what they say of one run.

The six of Pintor and others (2022, section 3), each in [0, 1]: ``indicators`` finds their values.
"""

from dataclasses import asdict, dataclass

from robust_core.named import Named

RADIUS = 1e-3
"""Around the picture, in Linf: where the loss is compared."""
LAST = 10
"""The steps whose progress is that of an attack cut short."""


@dataclass(frozen=True)
class Kind:
    """An indicator as such. ``limit``: a value above it is a failure."""

    title: str
    measures: str
    remedy: str
    limit: float = 0.0


KINDS = {
    "unavailable-gradients": Kind(
        "Unavailable gradients",
        "The share of steps at which the gradient of the loss was exactly zero.",
        "Differentiate a stand-in for what blocks the gradient (BPDA), take a loss on the logits, or "
        "attack by queries.",
    ),
    "unstable-predictions": Kind(
        "Unstable predictions",
        f"How much the loss changes within {RADIUS:g} of the picture, relative to the loss there.",
        "Average the gradient over draws or nearby points (EOT).",
        0.1,
    ),
    "silent-success": Kind(
        "Silent success",
        "Whether an iterate on the way reached the goal, and the result does not.",
        "Keep the best iterate rather than the last: Auto-PGD does, or more restarts.",
    ),
    "incomplete-optimisation": Kind(
        "Incomplete optimisation",
        f"The share of the loss's whole rise that came in the last {LAST} steps.",
        "Take more steps, or longer ones.",
        0.05,
    ),
    "transfer-failure": Kind(
        "Transfer failure",
        "Whether the goal is reached on the model that was attacked, and not on the one deployed.",
        "Attack the deployed model itself, through an adaptive gradient.",
    ),
    "unconstrained-failure": Kind(
        "Unconstrained attack failure",
        "Whether the same attack fails even where every picture is allowed.",
        "No bound stops it, so the optimisation fails: another loss, step size or start, or an attack by "
        "queries.",
    ),
}
"""In the order of the paper, I1 to I6; the limits are its own (5 %) for I4, and chosen here for I2."""


@dataclass(frozen=True)
class Indicator:
    """One value in [0, 1] with what it is based on; None where it does not apply, which is then said."""

    name: str
    value: float | None
    sentence: str

    @property
    def kind(self) -> Kind:
        return KINDS[self.name]

    @property
    def high(self) -> bool:
        return self.value is not None and self.value > self.kind.limit


@dataclass(frozen=True)
class Failure(Named[Indicator]):
    """The six indicators of a run, in the order of ``KINDS``; ``failed``: on the deployed model."""

    failed: bool

    @property
    def reasons(self) -> tuple[Indicator, ...]:
        """Why a failure says nothing about the model; empty for a success."""
        return tuple(one for one in self.each if self.failed and one.high)

    def summary(self) -> dict:
        """Plain numbers and names."""
        return {"failed": self.failed, "indicators": [asdict(one) for one in self.each]}
