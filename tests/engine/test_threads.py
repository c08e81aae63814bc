"""Workers times threads stay within the cores."""

import pytest
import torch

from robust_core import devices
from robust_core.__main__ import main
from robust_core.devices import threads_for
from robust_core.engine import Engine, configure_threads, threads
from robust_core.experiment import perform


@pytest.fixture
def machine(monkeypatch):
    """Pretends a number of cores; torch's own number is restored."""
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    before = torch.get_num_threads()

    def pretend(cores):
        for module in (threads, devices):
            monkeypatch.setattr(module, "cores", lambda: cores)

    yield pretend
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


@pytest.mark.parametrize("cores", [1, 2, 16])
def test_threads_go_by_the_size_of_the_work(machine, cores):
    machine(cores)
    assert threads_for(8 * 8) == 1
    assert threads_for(3 * 32 * 32) == 1  # one picture for the ResNet
    assert threads_for(3 * 224 * 224) == min(cores, 10)
    assert threads_for(2**20) == cores == torch.get_num_threads()


def test_the_users_own_number_wins_for_any_work(machine, monkeypatch):
    machine(8)
    torch.set_num_threads(3)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert threads_for(64) == threads_for(2**20) == 3


@pytest.mark.parametrize(("defense", "several"), [([], False), (["--defense", "smoothing"], True)])
def test_the_command_attack_takes_one_thread_for_one_small_picture(
    machine, monkeypatch, capsys, defense, several
):
    machine(2)
    used = []
    real = perform.perform
    monkeypatch.setattr(
        perform, "perform", lambda *a, **k: used.append(torch.get_num_threads()) or real(*a, **k)
    )
    command = ["attack", "sample:digits-test-0", "--model", "digits-cnn", "--attack", "fgsm"]
    assert main([*command, "--eps", "0.1", "--device", "cpu", *defense]) == 0
    assert used == [2 if several else 1]
