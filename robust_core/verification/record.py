"""The record of a verification: what is proved, what is broken, and what remains unknown."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

PROVED, BROKEN, UNKNOWN, WRONG = "proved", "broken", "unknown", "wrong when clean"
STATUSES = (PROVED, BROKEN, UNKNOWN, WRONG)


@dataclass(frozen=True, kw_only=True)
class Verification:
    """One entry for each of N pictures; tensors on the CPU, bounds float64.

    A margin is the logit of the label minus that of another class: where all are above 0, no picture
    within ``eps`` changes the answer. ``margins`` ``[N, K]`` are certified lower bounds, infinite for
    the label; ``lower`` ``[N]`` is the least of them, minus infinity where nothing is certified. Both
    are already reduced by ``outward`` ``[N]``, which covers rounding: see ``findings.OUTWARD``.
    ``chain`` has the same by each of the looser bounds that were made on the way, loosest first.
    ``exact`` ``[N]`` is the least margin itself where it is known, else NaN; ``upper`` ``[N]`` the least
    margin that the network was seen to have in the ball, infinite where nobody looked.
    ``unstable`` counts the ReLUs of a picture that bounds leave undecided, -1 where none were made.
    ``distance`` ``[N]`` is for ``lp`` alone: an upper bound on the robust radius, infinite without one.
    ``counterexamples`` are pictures ``[C, H, W]`` in the ball that the network itself gets wrong, by
    number. ``seconds`` is what the bounds took, without the attack's ``attack_seconds``.
    """

    method: str
    norm: str
    eps: Tensor
    labels: Tensor
    verified: Tensor
    status: tuple[str, ...]
    lower: Tensor
    margins: Tensor
    chain: dict[str, Tensor]
    outward: Tensor
    clean: Tensor
    exact: Tensor
    upper: Tensor
    unstable: Tensor
    distance: Tensor
    timed_out: Tensor
    seconds: float
    attack_seconds: float
    counterexamples: dict[int, Tensor] = field(default_factory=dict)
    notices: tuple[str, ...] = ()

    def count(self, status: str) -> int:
        """How many pictures have a status."""
        return self.status.count(status)

    def mask(self, status: str) -> Tensor:
        """Which pictures have it, bool ``[N]``."""
        return torch.tensor([one == status for one in self.status], dtype=torch.bool, device="cpu")
