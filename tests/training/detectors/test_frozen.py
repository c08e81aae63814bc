"""A detector leaves its classifier alone, and the check would notice if it did not."""

import pytest
import torch

from robust_core import zoo
from robust_core.attacks import FGSM
from robust_core.training.detectors import frozen
from robust_core.training.detectors.static import StaticTrainer


def pictures(n: int, side: int):
    return torch.rand(n, 3, side, side, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def classifier():
    """A ResNet-32 of one's own, whose batch statistics are not the initial ones."""
    model = zoo.untrained("cifar10-resnet32")
    with torch.no_grad():
        model(pictures(4, 32))
    return zoo.ready(model, torch.device("cpu"))


def test_answers_weights_and_statistics_stay_bit_for_bit(classifier):
    found = frozen.check_frozen(classifier, "AD(4)", pictures(4, 32), FGSM(eps=4 / 255))
    assert found.holds
    assert found.same_answers
    assert found.changed == ()
    assert found.learned
    assert (found.pictures, found.answers) == (4, 40)
    assert found.steps == frozen.EPOCHS * 2
    state = classifier.state_dict()
    assert found.tensors == len(state)
    assert found.statistics == sum("running" in n or "tracked" in n for n in state) > 90


def test_statistics_that_go_on_being_updated_are_named(classifier, monkeypatch):
    """What a framework does that leaves batch normalisation in training mode."""
    step = StaticTrainer.step

    def careless(self, activation, target):
        self.classifier.train()
        with torch.no_grad():
            self.classifier(pictures(4, 32))
        self.classifier.eval()
        return step(self, activation, target)

    monkeypatch.setattr(StaticTrainer, "step", careless)
    found = frozen.check_frozen(classifier, "AD(4)", pictures(4, 32))
    assert not found.holds
    assert not found.same_answers
    assert len(found.changed) == found.statistics
    assert all(name.endswith(frozen.STATISTICS) for name in found.changed)


def test_a_network_for_photographs_stays_as_it_is_too():
    model = zoo.ready(zoo.untrained("imagenette-resnet"), torch.device("cpu"))
    assert frozen.check_frozen(model, "AD(4)", pictures(2, 128), FGSM(eps=4 / 255)).holds
    with pytest.raises(ValueError, match=r"point of imagenette-resnet must be one of AD\(0\)"):
        frozen.check_frozen(model, "AD(9)", pictures(2, 128), FGSM(eps=4 / 255))
