"""Rows of a batch: the losses and gradients of all parts are those of the whole, whatever the objective.

Trainings by real processes are in ``tests/test_processes.py``.
"""

import pytest
import torch

from robust_core import zoo
from robust_core.training import objectives
from robust_core.training.augment import augment, crops
from robust_core.training.jitter import Jitter
from robust_core.training.sharing import rows_of

WHOLE = 13
OBJECTIVES = {
    "clean": ("digits-cnn", objectives.Clean()),
    "smoothing": ("digits-cnn", objectives.LabelSmoothing(share=0.1)),
    "copies": ("digits-cnn", objectives.CopiesTraining(eps=0.1)),
    "distillation": ("digits-cnn", objectives.Distillation(temperature=5)),
    "fgsm": ("digits-cnn", objectives.FGSMTraining(eps=0.1, step=0.125, alpha=0.5)),
    "pgd": ("digits-cnn", objectives.PGDTraining(eps=0.1, step=0.05, steps=2)),
    "lambda": ("digits-cnn", objectives.LambdaTraining()),
    "gaussian": ("digits-cnn", objectives.GaussianTraining(sigma=0.25)),
    "penalty": ("digits-cnn", objectives.GradientPenalty(eps=0.05, h=0.01)),
    "ibp": ("digits-mlp", objectives.IBPTraining(eps=0.05)),
    "pixeldp": ("cifar10-resnet32-pixeldp", objectives.PixelDPTraining()),
    "saturated": ("cifar10-resnet32-saturated", objectives.SaturationTraining(weight=1.0)),
}
PARTS = {
    "halves": [objectives.Rows(0, 6, WHOLE), objectives.Rows(6, 7, WHOLE)],
    "thirds": [
        objectives.Rows(0, 4, WHOLE),
        objectives.Rows(4, 4, WHOLE),
        objectives.Rows(8, 5, WHOLE),
    ],
}


def loss_of(model, objective, rows):
    """The loss of some rows of a fixed batch, its gradient, and what is drawn next."""
    generator = torch.Generator().manual_seed(3)
    size = (WHOLE, model.channels, *model.input_size)
    images = torch.rand(size, generator=generator, dtype=torch.float64)
    labels = torch.arange(WHOLE) % 10
    batch = objectives.Batch(rows.of(images), rows.of(labels), generator, 1.0, rows)
    loss = objective.loss(model, batch)
    gradient = torch.autograd.grad(loss, [p for p in model.parameters() if p.requires_grad])
    return torch.cat([loss.reshape(1), *(g.flatten() for g in gradient)]), generator.get_state()


@pytest.mark.parametrize("name", OBJECTIVES)
def test_the_parts_of_a_batch_make_up_the_whole(name):
    kind, objective = OBJECTIVES[name]
    model = zoo.untrained(kind, 0).double().eval()  # batch statistics: see test_processes.py
    whole, state = loss_of(model, objective, objectives.Rows(0, WHOLE, WHOLE))
    for parts in PARTS.values():
        found = [loss_of(model, objective, rows) for rows in parts]
        total = sum(rows.n / WHOLE * one for rows, (one, _) in zip(parts, found, strict=True))
        torch.testing.assert_close(total, whole, rtol=1e-6, atol=1e-9)
        assert all(torch.equal(other, state) for _, other in found)


CHANGES = {
    "augment": lambda images, *of: augment(images, 2, True, *of),
    "crops": lambda images, *of: crops(images, 8, (0.3, 1.0), *of),
    "jitter": Jitter(turn=9, zoom=0.1, shift=0.1, light=0.2),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_picture_is_changed_alike_in_its_part_and_in_the_whole(name):
    images = torch.rand(WHOLE, 3, 12, 12, generator=torch.Generator().manual_seed(0))
    generators = [torch.Generator().manual_seed(1) for _ in range(4)]
    whole = CHANGES[name](images, generators[0])
    parts = [
        CHANGES[name](rows.of(images), generator, rows)
        for rows, generator in zip(PARTS["thirds"], generators[1:], strict=True)
    ]
    torch.testing.assert_close(torch.cat(parts), whole)
    states = [generator.get_state() for generator in generators]
    assert all(torch.equal(state, states[0]) for state in states)


def test_rows_beyond_a_border():
    assert objectives.Rows(4, 4, 13).beyond(6) == objectives.Rows(0, 2, 7)
    assert objectives.Rows(8, 5, 13).beyond(6) == objectives.Rows(2, 5, 7)
    assert objectives.Rows(0, 4, 13).beyond(6) == objectives.Rows(0, 0, 7)


def test_one_process_has_no_rows_of_its_own():
    assert rows_of(13) is None


@pytest.mark.parametrize("size", [2, 3, 5])
def test_the_rows_of_all_processes_are_the_batch(monkeypatch, size):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "a")
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "0")
    monkeypatch.setenv("WORLD_SIZE", str(size))
    found = []
    for rank in range(size):
        monkeypatch.setenv("RANK", str(rank))
        monkeypatch.setenv("LOCAL_RANK", str(rank))
        assert rows_of(size - 1) is None
        found += rows_of(13).of(torch.arange(13)).tolist()
    assert found == list(range(13))
