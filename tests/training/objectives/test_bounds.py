"""Training with interval bounds: its ends, its schedule, and that its worst case is one."""

import pytest
import torch
import torch.nn.functional as F

from robust_core import zoo
from robust_core.data import digits
from robust_core.training.objectives import Batch, IBPTraining, PGDTraining


@pytest.fixture
def batch():
    images, labels = (x[:16] for x in digits.load("train"))
    return images, labels, torch.Generator().manual_seed(0)


def network():
    return zoo.untrained("digits-mlp")


def test_before_the_warmup_ends_it_is_the_clean_loss(batch):
    model = network()
    found = IBPTraining(eps=0.1, warmup=0.2).loss(model, Batch(*batch, progress=0.1))
    assert found.item() == pytest.approx(F.cross_entropy(model(batch[0]), batch[1]).item())


def test_the_worst_case_is_above_that_of_any_attack(batch):
    model = network()
    worst = IBPTraining(eps=0.1, kappa=0).loss(model, Batch(*batch))
    attacked = PGDTraining(eps=0.1, step=0.02, steps=10).loss(model, Batch(*batch))
    assert worst > attacked > F.cross_entropy(model(batch[0]), batch[1])


def test_radius_and_weight_grow_from_warmup_to_reached():
    objective = IBPTraining(eps=0.1, warmup=0.2, reached=0.6)
    assert [objective.share(p) for p in (0, 0.2, 0.6, 1)] == [0, 0, 1, 1]
    assert objective.share(0.4) == pytest.approx(0.5)


def test_every_weight_gets_a_gradient(batch):
    model = network()
    IBPTraining(eps=0.05, kappa=0).loss(model, Batch(*batch)).backward()
    assert all(p.grad is not None for p in model.parameters())


def test_bad_numbers_are_refused():
    with pytest.raises(ValueError, match=r"reached must be from 0\.5 to 1"):
        IBPTraining(eps=0.1, warmup=0.5, reached=0.2)
    with pytest.raises(ValueError, match="kappa"):
        IBPTraining(eps=0.1, kappa=2)
