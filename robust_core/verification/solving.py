"""Programs are solved in a separate process, which can be ended at any time, as HiGHS itself cannot.

scipy's ``milp`` returns when it is done or its time is over, and until then no Ctrl-C and no progress
reaches the caller. The process holds one program at a time, is kept for the next one, and ends by itself
when it has had none for a minute, or when this process ends, however that ends.
"""

import atexit
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from time import monotonic, process_time

import numpy as np

from robust_core.apart import PACE
from robust_core.verification import solver
from robust_core.verification.crown import Pulse, quiet
from robust_core.verification.solver import Arrays

Solve = Callable[[Arrays, float], Arrays]
"""As ``solver.solve``."""
OVERRUN = 1.0
"""Seconds that HiGHS, which looks at its clock now and then, may take beyond its time."""
KEPT = 2
"""Processes without work that are kept at most."""
UNSOLVED: Arrays = {"status": np.asarray(1), "bound": np.asarray(np.nan), "nodes": np.asarray(0)}
"""The answer where there is none."""


class Ended(Exception):
    """The process has gone."""


@dataclass(eq=False)
class Worker:
    """A process that solves programs, and the thread that waits for its answers."""

    owner: int = field(default_factory=os.getpid)
    used: bool = False
    _answers: "queue.Queue[bytes | None]" = field(default_factory=queue.Queue)

    def __post_init__(self) -> None:
        """Raises ``OSError`` where no process can be started."""
        self._process = subprocess.Popen(
            [sys.executable, "-P", solver.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # a Ctrl-C is for this process, which then ends that one
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with suppress(OSError, ValueError):  # closed meanwhile
            while (content := solver.receive(self._process.stdout)) is not None:
                self._answers.put(content)
        self._answers.put(None)

    def ready(self, pulse: Pulse) -> None:
        """Wait until it can begin. Raises ``Ended``."""
        self._next(np.inf, pulse)

    def solve(self, problem: Arrays, seconds: float, pulse: Pulse) -> Arrays:
        """As ``solver.solve``. Raises ``Ended``, and ``TimeoutError`` where the time limit is not kept."""
        self.used = True
        assert self._process.stdin is not None
        try:
            content = solver.packed({**problem, "seconds": np.asarray(seconds)})
            solver.send(self._process.stdin, content)
        except OSError as error:
            raise Ended from error
        found = dict(solver.unpacked(self._next(seconds + OVERRUN, pulse)))
        _add(float(found.pop("processor")))
        return found

    def _next(self, seconds: float, pulse: Pulse) -> bytes:
        """The next message. ``pulse`` may rest for others: that time is not counted."""
        end = monotonic() + seconds
        while True:
            try:
                content = self._answers.get(timeout=PACE)
            except queue.Empty:
                if monotonic() > end:
                    raise TimeoutError from None
                begun = monotonic()
                pulse()
                end += monotonic() - begun
                continue
            if content is None:
                raise Ended
            return content

    def end(self) -> None:
        """Now, also at work."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()


_idle: list[Worker] = []
_lock = threading.Lock()
_worked: dict[int, float] = {}
"""Processor seconds for programs that are done, by the process that asked: a fork begins with none."""


def _add(seconds: float) -> None:
    with _lock:
        _worked[os.getpid()] = _worked.get(os.getpid(), 0.0) + seconds


def processor_time() -> float:
    """Seconds of processor time that this process has had, and its workers for programs that are done."""
    return process_time() + _worked.get(os.getpid(), 0.0)


def _taken() -> Worker | None:
    """One that waits. A forked process leaves those of its parent alone."""
    with _lock:
        own = [worker for worker in _idle if worker.owner == os.getpid()]
        _idle[:] = own[:-1]
        return own[-1] if own else None


def _put_back(worker: Worker) -> None:
    with _lock:
        kept = len(_idle) < KEPT
        if kept:
            _idle.append(worker)
    if not kept:
        worker.end()


@atexit.register
def end_all() -> None:
    """End the processes that wait."""
    while (worker := _taken()) is not None:
        worker.end()


@dataclass
class Lent:
    """A worker in use: replaced where it ends, given up where none can be started."""

    pulse: Pulse
    worker: Worker | None = None
    missing: bool = False

    def begin(self) -> None:
        """Take a worker, or start one."""
        self.worker = _taken()
        if self.worker is None and not self.missing:
            try:
                self.worker = Worker()
                self.worker.ready(self.pulse)
            except (OSError, Ended):  # no processes here, or no scipy there
                self.end()
                self.missing = True

    def __call__(self, problem: Arrays, seconds: float) -> Arrays:
        """As ``solver.solve``; an answer without a bound where the process died on it."""
        if self.worker is None:
            self.begin()
        if self.worker is None:
            return solver.solve(problem, seconds)
        waited = self.worker.used  # it may have ended before it got this
        try:
            return self.worker.solve(problem, seconds, self.pulse)
        except TimeoutError:
            self.end()
        except Ended:
            self.end()
            if waited:
                return self(problem, seconds)
        return UNSOLVED

    def end(self) -> None:
        """End the worker, where there is one."""
        if self.worker is not None:
            self.worker.end()
            self.worker = None


@contextmanager
def lent(pulse: Pulse = quiet) -> Iterator[Solve]:
    """A ``solve`` that calls ``pulse`` while it waits: what that raises, or a Ctrl-C, ends the program.

    The process is there when the block begins. Where none can be started, programs are solved in this one,
    and cannot be interrupted.
    """
    solve = Lent(pulse)
    try:
        solve.begin()
        yield solve
    except BaseException:
        solve.end()
        raise
    if solve.worker is not None:
        _put_back(solve.worker)
