"""How far one picture is proved, and from where it is broken: an eps line that closes method by method."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from robust_core import attacks, verification
from robust_core.classifier import Classifier
from robust_core.progress import Progress
from robust_core.verification import Verification
from robust_core.verification.checks import CROWN, IBP, LP, MILP, OPTIMISED
from robust_core.verification.crown import Pulse, quiet
from robust_core.verification.expressions import cells
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
LARGE, FEWER = 2000, 4
"""Of networks with more ReLUs than the first, at most so many radii are tried: a bound takes seconds."""
FINE, COARSE = 5e-4, 1e-2
"""Shares of what is not broken below which a gap is narrowed no further; the second for large networks."""
CLOSED = 1e-2
"""The same share below which a gap counts as closed."""
SECONDS = 5.0
"""For the programs at one radius. What they leave open stays open."""
ROOM = 2**27
"""Numbers in what linear programs are written from: more than this, 1 GB, is not tried."""
MOST_UNSTABLE = 150
"""ReLUs left undecided up to which integer programs are tried."""


@dataclass(frozen=True)
class Line:
    """What is known by now. Radii in Linf, pixel units; the line goes from 0 to ``end``.

    ``proved``: by method, a radius within which no picture gets another class; ``broken``: by attack or
    solver, the distance of a picture that the network itself gets wrong (infinite: none seen). ``nearest``
    is the distance in the linear region by LP, an upper bound on the robust radius that proves nothing;
    ``searched``: LP looked at the whole region.
    ``trying`` and ``at``: the method and the radius that are being tried. ``spent``: seconds by method.
    ``undecided``: radii that the programs left open in their time. ``unstable``: ReLUs that bounds leave
    undecided where the gap begins: up to ``MOST_UNSTABLE``, programs may close some of it. ``roomy``:
    whether programs of this network fit into memory.
    """

    end: float = LARGEST
    right: bool = True
    proved: Mapping[str, float] = field(default_factory=dict)
    broken: Mapping[str, float] = field(default_factory=dict)
    nearest: float = torch.inf
    searched: bool = False
    trying: str = ""
    at: float = 0.0
    spent: Mapping[str, float] = field(default_factory=dict)
    undecided: tuple[float, ...] = ()
    unstable: int | None = None
    roomy: bool = True

    @property
    def low(self) -> float:
        """Up to here all is proved."""
        return max(self.proved.values(), default=0.0)

    @property
    def high(self) -> float:
        """From here on it is broken."""
        return min(self.broken.values(), default=torch.inf)

    @property
    def reach(self) -> float:
        """How much of the line is not broken."""
        return min(self.high, self.end)

    @property
    def gap(self) -> float:
        """How much of the line nobody knows about."""
        return max(0.0, self.reach - self.low)

    @property
    def closed(self) -> bool:
        """Whether what is proved and what is broken meet, as far as one can see."""
        return self.gap < CLOSED * self.reach

    @property
    def dear(self) -> bool:
        """Whether programs are too large, or too many ReLUs undecided for them, wherever in the gap."""
        many = self.unstable is not None and self.unstable > MOST_UNSTABLE
        return many or not self.roomy


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

    @property
    def _large(self) -> bool:
        return self._neurons > LARGE

    def _tries(self, name: str) -> int:
        return FEWER if self._large and name in BOUNDS else HALVINGS[name]

    @property
    def _narrow(self) -> float:
        """A gap that is not narrowed further."""
        return (COARSE if self._large else FINE) * self.line.reach

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
        # On a large network one call gives the bounds of all methods.
        network = compiled(self.model, self.image)
        self._neurons = network.neurons
        self._tell(roomy=cells(network) <= ROOM)
        groups = ((IBP,), (CROWN, OPTIMISED)) if self._large else tuple((m,) for m in BOUNDS)
        tried = [*(names[-1] for names in groups), PGD, PER_CLASS]
        self._steps = sum(map(self._tries, tried)) + 2
        self._tell(trying=DEEPFOOL)
        distance = attack_distance(self.model, self.image, self.label, "linf").item()
        self._tell(broken={DEEPFOOL: distance})
        for names in groups:
            self._bound(names, self.line.reach)
        for name in (PGD, PER_CLASS):
            self._halve(name, self.line.reach)
        if self.line.roomy:
            self._nearest()
        self._tell(trying="", unstable=self._undecided(self.line.low))
        return self.line

    def _undecided(self, eps: float) -> int:
        """How many ReLUs CROWN leaves undecided at a radius."""
        record = verification.verify(
            self.model, self.image, self.label, eps, CROWN, attack=False, progress=self._beat
        )
        return int(record.unstable.item())

    def with_programs(self) -> Line:
        """By integer programs, between what is proved and what is broken by now."""
        self._steps = 2 * HALVINGS[MILP]
        high = self.line.reach
        if self.line.right and self.line.low < high:
            unstable = self._undecided(self.line.low)
            self._tell(unstable=unstable)
            if not self.line.dear:
                self._halve(MILP, self._within_reach(high))
        self._tell(trying="")
        return self.line

    def _within_reach(self, high: float) -> float:
        """The largest of some radii in the gap at which not too many ReLUs are undecided."""
        for _ in range(HALVINGS[MILP]):
            self._beat()
            self._step += 1
            if self._undecided(high) <= MOST_UNSTABLE:
                break
            high = (self.line.low + high) / 2
        return high

    def _bound(self, names: tuple[str, ...], end: float) -> None:
        """The largest radius that the last of ``names`` proves; what the others prove on the way is kept.

        The next radius is where the line through the margins at both ends of the gap crosses 0; an end
        that stays twice counts half (the Illinois method), so that both move.
        """
        started = time.perf_counter()
        name, low = names[-1], self.line.low  # what a looser bound proves, the next one does
        above: float | None = None
        below: float | None = None
        kept = 1.0
        for _ in range(self._tries(name)):
            if end - low < self._narrow:
                break
            at = low + (end - low) * between(above, below)
            self._tell(trying=name, at=at)
            self._beat()
            self._step += 1
            record = self._record(name, at)
            margin, chain = record.lower.item(), {**record.chain, name: record.margins}
            if margin > 0:
                below = below and below * (1.0 if kept < 0 else 0.5)
                low, above = at, margin
            else:
                above = above and above * (1.0 if kept > 0 else 0.5)
                end, below = at, margin
            kept = margin
            proved = self.line.proved
            more = {m: max(at, proved.get(m, 0.0)) for m in chain if chain[m].min() > 0}
            self._tell(proved={**proved, **more})
        for each in names:
            looser = BOUNDS[: 1 + BOUNDS.index(each)]
            radius = max(self.line.proved.get(m, 0.0) for m in looser)
            self._tell(proved={**self.line.proved, each: radius})
        self._tell(spent={**self.line.spent, name: time.perf_counter() - started})

    def _halve(self, name: str, end: float) -> None:
        """Bisection by programs or by an attack. What they do not decide counts against them alone."""
        started = time.perf_counter()
        low = self.line.low
        for _ in range(HALVINGS[name]):
            if end - low < FINE * self.line.reach:
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
        self._tell(spent={**self.line.spent, name: time.perf_counter() - started})

    def _tried(self, name: str, eps: float) -> str:
        if name in STEPS:
            found = attacked(self.model, self.image, self.label, eps, name, pulse=self._beat)
            return BROKEN if found[1] <= 0 else ""
        return self._record(name, eps).status[0]

    def _record(self, name: str, eps: float) -> Verification:
        return verification.verify(
            self.model,
            self.image,
            self.label,
            eps,
            name,
            seconds=SECONDS,
            attack=False,
            progress=self._beat,
        )

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
        found = bool(record.counterexamples)
        none = math.isinf(record.distance.item()) and not record.timed_out.item()
        self._tell(nearest=record.distance.item() if found else torch.inf, searched=found or none)


def between(above: float | None, below: float | None) -> float:
    """Where between two radii a bound's margin is 0, as a share: the middle, while one is unknown.

    ``above`` is the margin at the smaller radius, ``below`` that at the larger. Margins fall ever
    faster, so that the line between the two is never trusted to the ends.
    """
    if above is None or below is None:
        return 0.5
    return min(0.9, max(0.1, above / (above - below))) if math.isfinite(below) else 0.5


def attacked(
    model: Classifier, image: Tensor, label: Tensor, eps: float, name: str = PGD, **others
) -> tuple[Tensor, float]:
    """An attack at a radius: its picture ``[C, H, W]``, and the network's margin there.

    ``others``: its parameters, and ``pulse``, which is called at each step, and may end it.
    """
    pulse: Pulse = others.pop("pulse", quiet)
    given = {"steps": STEPS[name], "loss": "margin"} | others
    attack = attacks.create(name, eps=eps, **given)
    pictures = attack(model, image, label, observer=lambda *_: pulse())
    return pictures[0].cpu(), margin_of(asked(model, pictures), label.cpu()).item()
