"""How far one picture is proved, and from where it is broken: an eps line that closes method by method."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from robust_core import attacks, verification
from robust_core.classifier import Classifier
from robust_core.progress import Progress
from robust_core.verification.checks import CROWN, IBP, LP, MILP, OPTIMISED
from robust_core.verification.models import asked, compiled, margin_of
from robust_core.verification.radius import attack_distance
from robust_core.verification.record import BROKEN, PROVED

LARGEST = 0.2
"""Where the line ends, in pixel units."""
BOUNDS = (IBP, CROWN, OPTIMISED)
"""The methods that take milliseconds on a small network, loosest first."""
DEEPFOOL, PGD, PER_CLASS = "deepfool-linf", "pgd", "pgd-t"
STEPS = {PGD: 20, PER_CLASS: 20}
HALVINGS = {IBP: 10, CROWN: 10, OPTIMISED: 10, MILP: 7, PGD: 7, PER_CLASS: 7}
LARGE, FEWER = 2000, 5
"""Of networks with more ReLUs than the first, radii are bisected less often: a bound takes a second."""
SECONDS = 5.0
"""For the programs at one radius. What they leave open stays open."""
MOST_UNSTABLE = 150
"""ReLUs left undecided up to which integer programs are tried."""


@dataclass(frozen=True)
class Line:
    """What is known by now. Radii in Linf, pixel units; the line goes from 0 to ``end``.

    ``proved``: by method, a radius within which no picture gets another class; ``broken``: by attack or
    solver, the distance of a picture that the network itself gets wrong (infinite: none seen). ``nearest``
    is the distance in the linear region by LP, an upper bound on the robust radius that proves nothing.
    ``trying`` and ``at``: the method and the radius that are being tried. ``spent``: seconds by method.
    ``undecided``: radii that the programs left open in their time. ``unstable``: ReLUs there that bounds
    leave undecided, where they were too many for programs.
    """

    end: float = LARGEST
    right: bool = True
    proved: Mapping[str, float] = field(default_factory=dict)
    broken: Mapping[str, float] = field(default_factory=dict)
    nearest: float = torch.inf
    trying: str = ""
    at: float = 0.0
    spent: Mapping[str, float] = field(default_factory=dict)
    undecided: tuple[float, ...] = ()
    unstable: int | None = None

    @property
    def low(self) -> float:
        """Up to here all is proved."""
        return max(self.proved.values(), default=0.0)

    @property
    def high(self) -> float:
        """From here on it is broken."""
        return min(self.broken.values(), default=torch.inf)


Show = Callable[[Line], object]


@dataclass
class Closing:
    """A line being closed: ``image`` ``[1, C, H, W]``, ``label`` ``[1]``."""

    model: Classifier
    image: Tensor
    label: Tensor
    line: Line
    progress: Progress | None
    show: Show | None
    _step: int = field(default=0, init=False)
    _steps: int = field(default=0, init=False)
    _neurons: int = field(default=0, init=False)

    def _halvings(self, name: str) -> int:
        large = self._neurons > LARGE
        return min(FEWER, HALVINGS[name]) if large and name not in STEPS else HALVINGS[name]

    def _tell(self, **changes) -> None:
        self.line = replace(self.line, **changes)
        if self.show is not None:
            self.show(self.line)

    def _beat(self, *_: object) -> None:
        if self.progress is not None:
            self.progress(min(self._step, self._steps), self._steps)

    def with_bounds(self) -> Line:
        """By bounds and attacks: what there is at once."""
        if not bool(margin_of(asked(self.model, self.image), self.label.cpu()) > 0):
            self._tell(right=False)
            return self.line
        names = (*BOUNDS, PGD, PER_CLASS)
        self._neurons = compiled(self.model, self.image).neurons
        self._steps = sum(self._halvings(name) for name in names) + 2
        self._tell(trying=DEEPFOOL)
        distance = attack_distance(self.model, self.image, self.label, "linf").item()
        self._tell(broken={DEEPFOOL: distance})
        for name in names:
            self._halve(name, min(self.line.high, self.line.end))
        self._nearest()
        self._tell(trying="")
        return self.line

    def with_programs(self) -> Line:
        """By integer programs, between what is proved and what is broken by now."""
        self._steps = HALVINGS[MILP]
        high = min(self.line.high, self.line.end)
        if self.line.right and self.line.low < high:
            unstable = int(
                verification.verify(
                    self.model, self.image, self.label, high, CROWN, attack=False
                ).unstable.item()
            )
            if unstable > MOST_UNSTABLE:
                self._tell(unstable=unstable)
            else:
                self._halve(MILP, high)
        self._tell(trying="")
        return self.line

    def _halve(self, name: str, end: float) -> None:
        """Bisection by one method or attack. What it does not decide counts against it alone."""
        started = time.perf_counter()
        low = self.line.low  # what a looser bound proves, the next one does
        for _ in range(self._halvings(name)):
            if end - low < 5e-4 * self.line.end:
                break
            middle = (low + end) / 2
            self._tell(trying=name, at=middle)
            self._beat()
            self._step += 1
            status = self._tried(name, middle)
            if status == PROVED:
                low = middle
                self._tell(proved={**self.line.proved, name: middle})
            elif status == BROKEN:
                end = middle
                self._tell(broken={**self.line.broken, name: middle})
            elif (
                name in STEPS
            ):  # an attack that fails proves nothing: it is tried from further away
                low = middle
            else:
                end = middle
                if name == MILP:
                    self._tell(undecided=(*self.line.undecided, middle))
        if name in BOUNDS:
            self._tell(proved={**self.line.proved, name: low})
        self._tell(spent={**self.line.spent, name: time.perf_counter() - started})

    def _tried(self, name: str, eps: float) -> str:
        if name in STEPS:
            found = attacked(self.model, self.image, self.label, eps, name)
            return BROKEN if found[1] <= 0 else ""
        record = verification.verify(
            self.model,
            self.image,
            self.label,
            eps,
            name,
            seconds=SECONDS,
            attack=False,
            progress=self._beat,
        )
        return record.status[0]

    def _nearest(self) -> None:
        self._tell(trying=LP)
        record = verification.verify(
            self.model,
            self.image,
            self.label,
            1.0,
            LP,
            seconds=SECONDS,
            attack=False,
            progress=self._beat,
        )
        if record.counterexamples:
            self._tell(nearest=record.distance.item())


def attacked(
    model: Classifier, image: Tensor, label: Tensor, eps: float, name: str = PGD, **others
) -> tuple[Tensor, float]:
    """An attack at a radius: its picture ``[C, H, W]``, and the network's margin there."""
    given = {"steps": STEPS[name], "loss": "margin"} | others
    pictures = attacks.create(name, eps=eps, **given)(model, image, label)
    return pictures[0].cpu(), margin_of(asked(model, pictures), label.cpu()).item()
