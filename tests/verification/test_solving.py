"""Programs in a process of their own: the same results, ended at once, and never in the way."""

import itertools
import os
import time

import numpy as np
import pytest
import torch

from robust_core.verification import solver, solving
from robust_core.verification.boxes import Ball
from robust_core.verification.expressions import written_out
from robust_core.verification.hidden import hidden_bounds
from robust_core.verification.milp import least_margin, minimise
from robust_core.verification.models import compiled
from tests.verification.networks import perceptron, pictures


@pytest.fixture(autouse=True, scope="module")
def alone():
    """No worker of another file's tests."""
    solving.end_all()
    yield
    solving.end_all()


def small(best: int = 3) -> dict[str, np.ndarray]:
    """Least ``-best a - b`` where ``a + b <= 1``, both 0 or 1: ``-best``."""
    return {
        "cost": np.array([-float(best), -1.0]),
        "integers": np.ones(2),
        "low": np.zeros(2),
        "matrix": np.array([[-1.0, -1.0]]),
        "floor": np.array([-1.0]),
    }


def hard(size: int = 60) -> dict[str, np.ndarray]:
    """Knapsacks with many sides, which take minutes."""
    draw = np.random.default_rng(0)
    matrix = draw.integers(0, 50, (size // 2, size)).astype(float)
    return {
        "cost": -draw.integers(1, 50, size).astype(float),
        "integers": np.ones(size),
        "low": np.zeros(size),
        "matrix": -matrix,
        "floor": -matrix.sum(1) / 3,
    }


def program(seed: int, eps: float = 0.3):
    """A perceptron's program over a ball, and its box."""
    model, image = perceptron(seed), pictures(seed, 1, 1, 1, 6)
    network = compiled(model, image)
    ball = Ball(image.double(), torch.tensor([eps], dtype=torch.float64))
    known = [(low[0], high[0]) for low, high in hidden_bounds(network, ball).known]
    return written_out(network, known), *(x.flatten() for x in known[0])


def test_the_processor_time_is_that_of_the_workers_too():
    begun, own = solving.processor_time(), time.process_time()
    with solving.lent() as apart:
        apart(hard(), 1.0)
    theirs = solving.processor_time() - begun - (time.process_time() - own)
    assert 0.05 < theirs < 1.9  # 1 s, of which a busy machine gives it a part


class Stop:
    """A pulse that ends what it is called from, the third time once it is ``armed``."""

    def __init__(self) -> None:
        self.armed = False
        self.calls = itertools.count(1)

    def __call__(self) -> None:
        if self.armed and next(self.calls) == 3:
            raise KeyboardInterrupt


@pytest.mark.parametrize(("seed", "eps"), [(0, 0.3), (1, 0.3), (2, 1e-6)])
def test_the_results_are_those_of_this_process(seed, eps):
    """Bit by bit; the last has no undecided ReLU, and so no integers."""
    given = program(seed, eps)
    assert (len(given[0].low) > 0) == (eps > 0.1)
    with solving.lent() as apart:
        for rival in (1, 2):
            here, there = (minimise(*given, 0, rival, 60.0, s) for s in (solver.solve, apart))
            assert (here.bound, here.value, here.nodes) == (there.bound, there.value, there.nodes)
            assert here.exact
            assert there.exact
            assert torch.equal(here.picture, there.picture)


def test_what_the_pulse_raises_ends_the_program_and_its_process():
    stop, workers = Stop(), []

    def asked() -> None:
        with solving.lent(stop) as solve:
            workers.append(solve.worker)
            stop.armed = True
            solve(hard(), 600.0)

    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        asked()
    assert time.monotonic() - begun < 60
    assert workers[0]._process.poll() is not None
    assert solving._taken() is None


def test_a_picture_is_left_within_its_first_program(monkeypatch):
    """By the pulse of ``verify``: the program is a hard one, whatever is asked."""
    stop = Stop()

    def minimise_hard(*given) -> None:
        stop.armed = True
        given[-1](hard(), 600.0)

    monkeypatch.setattr("robust_core.verification.milp.minimise", minimise_hard)
    with pytest.raises(KeyboardInterrupt):
        least_margin(*program(0), 0, torch.zeros(3), budget=600.0, pulse=stop)


def test_its_time_holds_where_the_solver_overruns(monkeypatch):
    monkeypatch.setattr(solving, "OVERRUN", -59.5)
    with solving.lent() as solve:
        first = solve.worker
        late = solve(hard(), 60.0)
        assert first._process.poll() is not None
        monkeypatch.setattr(solving, "OVERRUN", 1.0)
        assert solve(small(), 60.0)["value"] == -3, "the next program has a process again"
    assert np.isnan(late["bound"])
    assert late["status"] != 0
    assert "x" not in late


def test_time_that_the_pulse_rests_is_not_counted(monkeypatch):
    """The solver's own limit is what ends it: its bound is there."""
    monkeypatch.setattr(solving, "OVERRUN", 0.1)
    with solving.lent(lambda: time.sleep(1.5)) as solve:
        found = solve(hard(), 0.3)
    assert found["status"] == 1
    assert np.isfinite(found["bound"])


def test_one_process_serves_many_pictures_and_is_replaced_where_it_ended():
    with solving.lent() as solve:
        first = solve.worker
        solve(small(), 60.0)
    with solving.lent() as solve:
        assert solve.worker is first
        first._process.kill()
        first._process.wait()
        assert solve(small(5), 60.0)["value"] == -5
        assert solve.worker is not first


def test_one_that_ends_at_its_first_program_leaves_it_unsolved():
    solving.end_all()
    with solving.lent() as solve:
        solve.worker._process.kill()
        assert np.isnan(solve(small(), 60.0)["bound"])


@pytest.mark.parametrize("file", ["/nowhere/solver.py", os.devnull])
def test_where_none_can_be_started_programs_are_solved_here(monkeypatch, file):
    solving.end_all()
    monkeypatch.setattr(solver, "__file__", file)
    with solving.lent() as solve:
        assert solve.worker is None
        assert solve(small(), 60.0)["value"] == -3


def test_it_ends_with_this_process_also_at_work_and_hears_no_ctrl_c_of_ours():
    worker = solving.Worker()
    worker.ready(lambda: None)
    if hasattr(os, "getsid"):
        assert os.getsid(worker._process.pid) != os.getsid(0)
    content = solver.packed({**hard(), "seconds": np.asarray(60.0)})
    solver.send(worker._process.stdin, content)
    time.sleep(0.3)
    assert worker._process.poll() is None
    worker._process.stdin.close()
    assert worker._process.wait(timeout=30) == 0
    worker.end()


def test_a_forked_process_leaves_the_workers_of_its_parent_alone():
    with solving.lent() as solve:
        worker = solve.worker
    worker.owner -= 1
    assert solving._taken() is None
    worker.end()
