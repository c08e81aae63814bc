"""Workers times threads stay within the cores."""

import pytest
import torch

from robust_core.engine import Engine, configure_threads, threads


@pytest.fixture
def machine(monkeypatch):
    """Pretends a number of cores; torch's own number is restored."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = torch.get_num_threads()
    yield lambda cores: monkeypatch.setattr(threads, "cores", lambda: cores)
    torch.set_num_threads(before)


@pytest.mark.parametrize("cores", [1, 2, 3, 4, 7, 16])
@pytest.mark.parametrize("workers", [1, 2, 3])
def test_workers_times_threads_stay_within_the_cores(machine, cores, workers):
    machine(cores)
    each = configure_threads(workers)
    assert each == torch.get_num_threads()
    assert each == 1 if cores <= 2 or workers > cores else each * workers <= cores
    assert (each + 1) * workers > cores or cores <= 2  # and none is left idle


def test_the_users_own_number_wins(machine, monkeypatch):
    machine(8)
    torch.set_num_threads(3)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert configure_threads(1) == 3


def test_the_workers_compute_with_the_configured_number(machine):
    machine(2)
    torch.set_num_threads(2)
    engine = Engine(workers=1)
    assert torch.get_num_threads() == 2  # nothing is set before the first request
    try:
        assert engine.submit("key", lambda _: torch.get_num_threads()).result() == 1
    finally:
        engine.close()


def test_the_default_workers_fit_the_machine(machine, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    for cores, workers in [(1, 1), (2, 2), (16, 2)]:
        machine(cores)
        assert threads.default_workers() == workers
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert threads.default_workers() == 1
