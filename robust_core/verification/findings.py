"""What is known so far about each picture of a verification, and what the network itself answers."""

import time
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from robust_core import attacks
from robust_core.contract import HALF, notices
from robust_core.verification.boxes import L2
from robust_core.verification.models import asked, margin_of
from robust_core.verification.record import BROKEN, PROVED, UNKNOWN, WRONG, Verification

OUTWARD = 1e-5
"""What every certified margin is reduced by, times the largest clean logit of the picture (at least 1).

Bounds are computed in float64 and differ from exact arithmetic by less than 1e-11 of that; HiGHS solves
to 1e-6, and the network itself answers in float32, with errors of about 1e-6. The margin covers all
three: a proof is about the network as it runs.
"""
DRIFT = 16
"""Times the error of the network's own answer to the clean picture, where that is more.

The error is measured against the same layers in float64: large where inner values cancel, or where a GPU
convolves in TF32. Within the ball it may be larger than at its centre: this is an allowance, not a bound.
"""
STEPS = 20
"""Of the attack that is asked about pictures that are not proved."""


@dataclass
class Findings:
    """One entry for each of N pictures, on the CPU; see ``record.Verification`` for what they mean.

    ``margins`` are bounds before rounding is allowed for. ``examples`` are pictures that the network gets
    wrong, by number.
    """

    model: nn.Module
    images: Tensor
    labels: Tensor
    eps: Tensor
    norm: str
    logits: Tensor
    drift: Tensor
    """The largest difference ``[N]`` of ``logits`` from those of the compiled network in float64."""
    margins: Tensor = field(init=False)
    exact: Tensor = field(init=False)
    upper: Tensor = field(init=False)
    unstable: Tensor = field(init=False)
    distance: Tensor = field(init=False)
    timed_out: Tensor = field(init=False)
    programs: Tensor = field(init=False)
    """Which pictures have bounds by integer programs: a solver's word, so the attack is asked too."""
    chain: dict[str, Tensor] = field(default_factory=dict)
    """``margins`` by each method on the way, loosest first."""
    examples: dict[int, Tensor] = field(default_factory=dict)
    seconds: float = 0.0
    attack_seconds: float = 0.0

    def __post_init__(self) -> None:
        n = len(self.logits)
        self.margins = torch.full_like(self.logits, -torch.inf)
        self.exact = self.logits.new_full((n,), torch.nan)
        self.upper = self.logits.new_full((n,), torch.inf)
        self.distance = self.logits.new_full((n,), torch.inf)
        self.unstable = self.labels.new_full((n,), -1)
        self.timed_out = self.labels.new_zeros(n, dtype=torch.bool)
        self.programs = self.labels.new_zeros(n, dtype=torch.bool)

    @property
    def clean(self) -> Tensor:
        """The margin of the clean picture."""
        return margin_of(self.logits, self.labels)

    @property
    def right(self) -> Tensor:
        return self.logits.argmax(1) == self.labels

    @property
    def outward(self) -> Tensor:
        expected = OUTWARD * self.logits.abs().amax(1).clamp(min=1)
        return torch.maximum(expected, DRIFT * self.drift)

    @property
    def lower(self) -> Tensor:
        return self.margins.scatter(1, self.labels[:, None], torch.inf).amin(1) - self.outward

    @property
    def verified(self) -> Tensor:
        found = self.right & (self.lower > 0)
        found[list(self.examples)] = False
        return found

    def put(self, method: str, rows: Tensor, table: Tensor) -> None:
        """What a method on the way to the last one certifies of some pictures."""
        whole = self.chain.setdefault(method, torch.full_like(self.logits, -torch.inf))
        whole[rows] = table.cpu()

    def certified(self, margins: Tensor) -> Tensor:
        """``margins`` after rounding, infinite for the label."""
        return margins.scatter(1, self.labels[:, None], torch.inf) - self.outward[:, None]

    def look(self, row: int, picture: Tensor) -> None:
        """Ask the network about a picture that should be in the ball, and keep it where it is wrong."""
        centre, eps = self.images[row].double(), float(self.eps[row])
        inside = picture.double().cpu().clamp(centre - eps, centre + eps).clamp(0, 1)
        dtype = torch.float32 if self.images.dtype in HALF else self.images.dtype
        self._keep(torch.tensor([row], dtype=torch.int64, device="cpu"), inside.to(dtype)[None])

    def _keep(self, rows: Tensor, pictures: Tensor) -> None:
        logits, labels = asked(self.model, pictures), self.labels[rows]
        self.upper[rows] = torch.minimum(self.upper[rows], margin_of(logits, labels))
        for k in (logits.argmax(1) != labels).nonzero().squeeze(1).tolist():
            self.examples.setdefault(int(rows[k]), pictures[k])

    def attack(self) -> None:
        """PGD on what is not proved by bounds and not broken yet, by radius: an attack has one.

        What the solver calls exact, and the attack refutes, no longer counts as exact.
        """
        started = time.perf_counter()
        open_ = self.right & (~self.verified | self.programs)
        open_[list(self.examples)] = False
        name = "pgd-l2" if self.norm == L2 else "pgd"
        device = next((p.device for p in self.model.parameters()), self.images.device)
        for eps in self.eps[open_].unique().tolist():
            rows = (open_ & (self.eps == eps)).nonzero().squeeze(1)
            images = self.images[rows]
            images = images.float() if images.dtype in HALF else images
            pgd = attacks.create(name, eps=eps, steps=STEPS, loss="margin")
            found = pgd(self.model, images.to(device), self.labels[rows].to(device))
            self._keep(rows, found.cpu())
        refuted = self.exact > self.upper + 10 * self.outward
        self.exact[refuted] = torch.nan
        self.margins[refuted] = -torch.inf
        self.attack_seconds = time.perf_counter() - started

    def record(self, method: str) -> Verification:
        verified = self.verified
        status = [
            WRONG if not r else PROVED if v else BROKEN if row in self.examples else UNKNOWN
            for row, (r, v) in enumerate(zip(self.right.tolist(), verified.tolist(), strict=True))
        ]
        return Verification(
            method=method,
            norm=self.norm,
            eps=self.eps,
            labels=self.labels,
            verified=verified,
            status=tuple(status),
            lower=self.lower,
            margins=self.certified(self.margins),
            chain={name: self.certified(table) for name, table in self.chain.items()},
            outward=self.outward,
            clean=self.clean,
            exact=self.exact,
            upper=self.upper,
            unstable=self.unstable,
            distance=self.distance,
            timed_out=self.timed_out,
            seconds=self.seconds,
            attack_seconds=self.attack_seconds,
            counterexamples={k: self.examples[k] for k in sorted(self.examples)},
            notices=tuple(notices(self.model)),
        )
