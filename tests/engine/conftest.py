"""Work that a test moves step by step, so that nothing here depends on how fast it runs."""

import threading
import time

import pytest

from robust_core.engine import Engine
from robust_core.engine import engine as engine_module

LONG = 10.0  # seconds: a test that waits this long has failed


def until(condition) -> None:
    """Wait for what another thread is about to bring about."""
    end = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)


class Steps:
    """Work in `total` steps, each of which waits until the test allows it."""

    def __init__(self, value: object = "value", total: int = 100) -> None:
        self.value, self.total = value, total
        self.runs = self.steps = 0
        self.began, self.ended = threading.Event(), threading.Event()
        self._allowed, self._reported = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self, progress):
        self.runs += 1
        self.began.set()
        try:
            for step in range(1, self.total + 1):
                assert self._allowed.acquire(timeout=LONG)
                self.steps += 1
                progress(step, self.total)
                self._reported.release()
            return self.value
        finally:
            self.ended.set()

    def advance(self, steps: int = 1) -> None:
        """Let so many steps happen, each of which must go on."""
        for _ in range(steps):
            self.allow()
            self.went_on()

    def allow(self, steps: int = 1) -> None:
        """Let so many steps happen without waiting for them: it may have to stand still."""
        self._allowed.release(steps)

    def went_on(self) -> None:
        """A step that was allowed has been reported, and the work goes on."""
        assert self._reported.acquire(timeout=LONG)

    def stop_at_next_step(self) -> None:
        """Let one step happen, which must be the last."""
        self._allowed.release()
        assert self.ended.wait(2 * LONG)
        assert not self._reported.acquire(blocking=False)  # `progress` has raised

    def finish(self) -> None:
        self._allowed.release(max(1, self.total))


class Clock:
    """A clock that only the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch):
    """The engine's clock, which stands still until the test moves it."""
    clock = Clock()
    monkeypatch.setattr(engine_module, "time", clock)
    return clock


@pytest.fixture
def steps():
    """The class `Steps`; what it made is let go at the end."""
    made = []

    def make(*args, **kwargs) -> Steps:
        made.append(Steps(*args, **kwargs))
        return made[-1]

    yield make
    for work in made:
        work.finish()


@pytest.fixture
def new_engine(steps):
    """Makes engines, which are closed at the end."""
    engines = []

    def make(workers: int = 1, **options) -> Engine:
        engines.append(Engine(workers, **options))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


@pytest.fixture
def result():
    """Gives a ticket's result in bounded time."""

    def wait(ticket):
        assert ticket.wait(LONG)
        return ticket.result()

    return wait
