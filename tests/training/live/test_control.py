"""The control of a live training: the same but for the defence."""

from dataclasses import replace

import pytest
import torch

from robust_core.training.live import train
from robust_core.training.live.control import Control, control_of, train_control
from robust_core.training.live.train import METHODS, Plan, train_live


@pytest.fixture(autouse=True)
def _few(few_digits, monkeypatch):
    """Fewer pictures to learn from and to measure on."""
    few_digits(train=160, test=40)
    monkeypatch.setattr(train, "WATCHED", 10)
    monkeypatch.setattr(train, "FINAL_STEPS", 3)


def same(one, other) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


@pytest.mark.parametrize("start", train.STARTS)
@pytest.mark.parametrize(
    "without",
    [
        {"method": "clean"},
        {"method": "fgsm", "alpha": 1.0},
        {"method": "pgd", "eps": 0.0},
        {"method": "static", "eps": 0.0, "start": "digits-cnn"},
    ],
    ids=lambda without: without["method"],
)
def test_a_training_whose_defence_does_nothing_is_its_control_to_the_last_bit(start, without):
    """So the first weights, steps, learning rate and order of pictures are the same."""
    plan = Plan(**{"start": start, "epochs": 2, "seed": 3} | without)
    control = control_of(plan) or Control(start, 2, 3)
    assert same(train_live(plan).model, train_control(control))


def test_the_control_knows_nothing_of_the_defence():
    plan = Plan(epochs=2)
    for changes in ({"eps": 0.4}, {"alpha": 0.1}, {"random_start": False}, {"method": "pgd"}):
        assert control_of(replace(plan, **changes)) == control_of(plan)
    for changes in ({"epochs": 3}, {"seed": 1}, {"start": "digits-cnn"}, {"method": "static"}):
        assert control_of(replace(plan, **changes)) != control_of(plan)
    assert control_of(replace(plan, method="clean")) is None


@pytest.mark.parametrize("method", [m for m in METHODS if m not in ("clean", "distillation")])
def test_both_take_as_many_steps(method):
    plan, own, control = Plan(method=method, epochs=2), [], []
    train_live(plan, progress=lambda k, n: own.append((k, n)))
    train_control(control_of(plan), progress=lambda k, n: control.append((k, n)))
    assert own == control
    assert control[-1][0] == control[-1][1]


def test_what_its_progress_raises_ends_it():
    def stop(k: int, n: int) -> None:
        if k == 1:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        train_control(Control("random", 1, 0), progress=stop)
