"""Fine turns: contestants that ask the same model take turns every few passes.

A machine that is shared gets slower and quicker by the minute, and an attack by queries takes minutes. So
each contestant runs in a process of its own, one at a time, and hands over once it has put so many pictures
through the model: what changes by the minute hits all alike. Two processes of one contestant may differ by
more than their turns do, so the interval is over several of each.
"""

import multiprocessing
from dataclasses import dataclass
from multiprocessing.connection import Connection

import numpy as np
from scipy.stats import ttest_1samp
from timing import Clock, Run
from torch import Tensor, nn

Turn = tuple[float, int]
"""Seconds and queries."""
Round = dict[str, list[Turn]]
"""The turns of one process of each contestant."""


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


def in_turns(runs: dict[str, Run], model: nn.Module, each: int, now: Clock) -> Round:
    """The turns of each contestant, which hands over after ``each`` queries of ``model``."""
    fork = multiprocessing.get_context("fork")
    lines: dict[str, Connection] = {}
    for name, run in runs.items():
        lines[name], theirs = fork.Pipe()
        fork.Process(target=_sit, args=(run, model, Seat(theirs, each, now)), daemon=True).start()
        theirs.close()  # so that one who dies is noticed here
    turns: Round = {name: [] for name in runs}
    while lines:
        for name, line in list(lines.items()):
            line.send(None)
            turn, done = line.recv()
            turns[name].append(turn)
            if done:
                lines.pop(name)
    return turns


def _over_common(turns: Round, who: str, other: str) -> float:
    """The time for each query of one in that of the other.

    Turns after one of them was done are left out, and so is the first, which starts both up.
    """
    first, second = (np.array(turns[name][1:] or turns[name]) for name in (who, other))
    most = min(len(first), len(second))
    (a, n), (b, m) = first[:most].sum(0), second[:most].sum(0)
    return float((a / n) / (b / m))


def per_query(rounds: list[Round], who: str, other: str) -> dict:
    """The time for each query of one in that of the other: the geometric mean over the rounds.

    With an interval of 95 % (Student's t) where there are at least three.
    """
    found = [_over_common(turns, who, other) for turns in rounds]
    logs = np.log(found)
    told = {"value": float(np.exp(logs.mean())), "rounds": len(found)}
    if len(found) > 2:
        span = ttest_1samp(logs, 0.0).confidence_interval()
        told |= {"low": float(np.exp(span.low)), "high": float(np.exp(span.high))}
    return told
