"""Seconds, errors and processor time of runs, and what they come to."""

from collections.abc import Awaitable
from dataclasses import dataclass, field
from statistics import fmean, median, quantiles

import psutil
from visitors import Run, Server

PICTURES = 3
"""A right run shows clean, perturbation and adversarial."""


@dataclass
class Tally:
    """Seconds of the runs that were right, and what was wrong with the others.

    ``cpu`` are processor seconds of the server: a busy machine affects them least.
    """

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    async def time(self, server: Server, work: Awaitable[Run]) -> Run:
        """Add a run that has the server for itself."""
        begun = cpu_seconds(server)
        run = await work
        self.add(run)
        self.cpu.append(cpu_seconds(server) - begun)
        return run

    def add(self, run: Run) -> None:
        faults = run.faults(PICTURES)
        if faults:
            self.errors.append("; ".join(faults))
        else:
            self.seconds.append(run.seconds)

    def figures(self) -> dict:
        n = len(self.seconds)
        found = {"n": n, "errors": self.errors}
        if n:
            found["p50"] = median(self.seconds)
        if n > 1:
            found["p95"] = quantiles(self.seconds, n=20, method="inclusive")[-1]
        if self.cpu:
            found["cpu"] = fmean(self.cpu)
        return found


def pair() -> dict[str, Tally]:
    """One for the page and one for the bare page."""
    return {"page": Tally(), "bare": Tally()}


def figures(tallies: dict[str, Tally]) -> dict:
    return {name: tally.figures() for name, tally in tallies.items()}


def cpu_seconds(server: Server) -> float:
    """Processor seconds of the server's process so far, over all its threads."""
    times = psutil.Process(server.process.pid).cpu_times()
    return times.user + times.system


def megabytes(server: Server) -> float:
    """Resident memory of the server's process."""
    return psutil.Process(server.process.pid).memory_info().rss / 2**20
