"""Fine turns: contestants that ask the same model take turns every few passes.

A machine that is shared gets slower and quicker by the minute, and an attack by queries takes minutes. So
each contestant runs in a process of its own, one at a time, and hands over once it has put so many pictures
through the model: what changes by the minute hits all alike, and the turns give an interval.
"""

import multiprocessing
from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np
from scipy.stats import bootstrap
from timing import Clock, Run
from torch import Tensor, nn

Turn = tuple[float, int]
"""Seconds and queries."""


@dataclass
class Seat:
    """A contestant's end of the line to the one who gives turns."""

    line: Connection
    each: int
    now: Clock
    queries: int = 0
    since: float = 0.0

    def wait(self) -> None:
        self.line.recv()
        self.queries, self.since = 0, self.now()

    def asked(self, module: nn.Module, inputs: tuple[Tensor], logits: Tensor) -> None:
        """A forward hook: count, and hand over where the turn is full."""
        self.queries += len(inputs[0])
        if self.queries >= self.each:
            self.leave(done=False)
            self.wait()

    def leave(self, done: bool) -> None:
        self.line.send(((self.now() - self.since, self.queries), done))


def _sit(run: Run, model: nn.Module, seat: Seat) -> None:
    seat.wait()
    model.register_forward_hook(seat.asked)
    run()
    seat.leave(done=True)


def in_turns(
    runs: dict[str, Run], model: nn.Module, each: int, now: Clock
) -> dict[str, list[Turn]]:
    """The turns of each contestant, which hands over after ``each`` queries of ``model``."""
    fork = multiprocessing.get_context("fork")
    lines: dict[str, Connection] = {}
    for name, run in runs.items():
        lines[name], theirs = fork.Pipe()
        fork.Process(target=_sit, args=(run, model, Seat(theirs, each, now)), daemon=True).start()
        theirs.close()  # so that one who dies is noticed here
    turns: dict[str, list[Turn]] = {name: [] for name in runs}
    while lines:
        for name, line in list(lines.items()):
            line.send(None)
            turn, done = line.recv()
            turns[name].append(turn)
            if done:
                lines.pop(name)
    return turns


def per_query(turns: dict[str, list[Turn]], who: str, other: str) -> dict:
    """The time for each query of one in that of the other, with an interval of 95 % over common turns.

    Turns after one of them was done are left out, and so is the first, which starts both up. Without an
    interval where no turn but one is left.
    """
    first, second = (np.array(turns[name][1:] or turns[name]) for name in (who, other))
    most = min(len(first), len(second))
    columns = (*first[:most].T, *second[:most].T)

    def measure(a, n, b, m, axis: int = -1):
        return (a.sum(axis) / n.sum(axis)) / (b.sum(axis) / m.sum(axis))

    told = {"value": float(measure(*columns)), "turns": most}
    if most > 1:
        found = bootstrap(
            columns, measure, paired=True, n_resamples=5000, method="percentile", rng=0
        ).confidence_interval
        told |= {"low": float(found.low), "high": float(found.high)}
    return told
