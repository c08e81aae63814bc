"""A verification under way: each method's bounds, for some pictures at a time."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from robust_core.progress import Progress
from robust_core.verification import intervals
from robust_core.verification.boxes import Ball
from robust_core.verification.checks import CROWN, IBP, LP, MILP, OPTIMISED
from robust_core.verification.crown import Relaxations, Rivals
from robust_core.verification.expressions import written_out
from robust_core.verification.findings import Findings
from robust_core.verification.hidden import hidden_bounds
from robust_core.verification.intervals import Interval
from robust_core.verification.layered import LayerBounds, layers_of
from robust_core.verification.milp import Solved, least_margin
from robust_core.verification.network import Network
from robust_core.verification.optimised import optimised_margins
from robust_core.verification.region import nearest_in_region

BATCH = 64
"""Pictures bounded at once."""

Observer = Callable[[int, Solved], object]
"""Called with the number of a picture and each program of it that was solved."""
Layers = Callable[[list[LayerBounds]], object]
"""Called with the bounds before each ReLU, of some pictures at a time."""


@dataclass
class Task:
    """A method, and the pictures that it is for; ``budget`` are the seconds for each."""

    network: Network
    found: Findings
    method: str
    budget: float
    progress: Progress | None
    observer: Observer | None
    layers: Layers | None = None

    def run(self) -> None:
        """Bounds of all pictures that are right when clean."""
        started = time.perf_counter()
        rows = self.found.right.nonzero().squeeze(1)
        parts = rows.split(BATCH) if len(rows) else ()
        for k, part in enumerate(parts):
            before = k * BATCH

            def pulse(more: int = 0, before: int = before) -> None:
                if self.progress is not None:
                    self.progress(before + more, len(rows))

            pulse()
            if self.method == LP:
                self._nearest(part, pulse)
            else:
                self._bound(part, pulse)
        if self.progress is not None:
            self.progress(len(rows), len(rows))
        self.found.seconds += time.perf_counter() - started

    def _bound(self, rows: Tensor, pulse: Callable[..., None]) -> None:
        """Margins by intervals, then by CROWN, then by what the method adds."""
        centre = self.found.images[rows].to(self.network.device, torch.float64)
        ball = Ball(centre, self.found.eps[rows].to(centre.device), self.found.norm)
        labels = self.found.labels[rows].to(centre.device)
        table = intervals.margins(self.network, ball, labels)
        self.found.put(IBP, rows, table)
        if self.method == IBP:
            known = intervals.intervals(self.network, ball)
        else:
            hidden = hidden_bounds(self.network, ball, pulse)
            known = hidden.known
            rivals = Rivals.of(labels, self.network.classes, centre)
            linear = hidden.margins(self.network, ball, rivals, pulse)
            table = torch.maximum(table, rivals.table(linear, *table.shape))
            self.found.put(CROWN, rows, table)
            if self.method in (OPTIMISED, MILP):  # programs begin with the best bounds there are
                table = self._optimised(rows, ball, rivals, hidden.relaxed, table, pulse)
                self.found.put(OPTIMISED, rows, table)
        self.found.margins[rows] = table.cpu()
        self._count(rows, known)
        if self.layers is not None:
            self.layers(layers_of(self.network, known, list(self.network.values(centre))))
        if self.method == MILP:
            for k, row in enumerate(rows.tolist()):
                pulse(k)
                inside = [(low[k], high[k]) for low, high in known]
                self._solve(row, inside, partial(pulse, k))

    def _count(self, rows: Tensor, known: list[Interval]) -> None:
        self.found.unstable[rows] = 0
        for low, high in (known[k] for k in self.network.activations):
            self.found.unstable[rows] += ((low < 0) & (high > 0)).flatten(1).sum(1).cpu()

    def _optimised(
        self,
        rows: Tensor,
        ball: Ball,
        rivals: Rivals,
        relaxed: Relaxations,
        table: Tensor,
        pulse: Callable[..., None],
    ) -> Tensor:
        """Better bounds of the margins that are not proved yet; the others are left as they are."""
        outward = self.found.outward[rows].to(table.device)
        loose = table[rivals.pictures, rivals.classes] <= outward[rivals.pictures]
        chosen = rivals[loose.nonzero().squeeze(1)]
        better = optimised_margins(self.network, ball, chosen, relaxed, pulse)
        result = table.clone()
        places = (chosen.pictures, chosen.classes)
        result[places] = torch.maximum(result[places], better)
        return result

    def _solve(self, row: int, inside: list[Interval], pulse: Callable[[], None]) -> None:
        """The integer programs of one picture; what they find is asked again of the network."""
        found = self.found
        program = written_out(self.network, inside)
        label, linear = int(found.labels[row]), found.margins[row].clone()
        margins = found.margins[row]  # a view: each program improves it

        def told(one: Solved) -> None:
            margins[one.rival] = max(float(margins[one.rival]), one.bound)
            if one.picture is not None:
                found.look(row, one.picture.view(found.images.shape[1:]))
            if self.observer is not None:
                self.observer(row, one)

        low, high = (x.flatten() for x in inside[0])
        found.programs[row] = True
        solved = least_margin(
            program, low, high, label, linear, budget=self.budget, pulse=pulse, told=told
        )
        least = min((one.value for one in solved), default=torch.inf)
        needed = {j for j in range(len(linear)) if j != label and float(linear[j]) < least}
        if needed <= {one.rival for one in solved if one.exact}:
            found.exact[row] = least
        else:
            found.timed_out[row] = True

    def _nearest(self, rows: Tensor, pulse: Callable[..., None]) -> None:
        """The nearest adversarial points of the linear regions; within eps the network is asked."""
        found = self.found
        for k, row in enumerate(rows.tolist()):
            nearest = nearest_in_region(
                self.network,
                found.images[row].to(self.network.device, torch.float64),
                int(found.labels[row]),
                beyond=float(found.outward[row]),
                budget=self.budget,
                pulse=partial(pulse, k),
            )
            found.distance[row] = nearest.distance
            found.timed_out[row] = not nearest.whole
            if nearest.picture is not None and nearest.distance <= float(found.eps[row]):
                found.look(row, nearest.picture)
