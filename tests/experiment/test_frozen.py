"""A detector leaves its classifier alone, and the check would notice if it did not."""

import pytest
import torch

from robust_core import zoo
from robust_core.attacks import FGSM
from robust_core.experiment import frozen
from robust_core.training.detectors.crafted import Originals, activations, craft
from robust_core.training.detectors.static import StaticTrainer
from robust_core.training.recipes import DetectorRecipe

CPU = torch.device("cpu")


def pictures(n: int, side: int):
    return torch.rand(n, 3, side, side, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def classifier():
    """A ResNet-32 of one's own, whose batch statistics are not the initial ones."""
    model = zoo.untrained("cifar10-resnet32")
    with torch.no_grad():
        model(pictures(4, 32))
    return zoo.ready(model, CPU)


def test_answers_weights_and_statistics_stay_bit_for_bit(classifier):
    found = frozen.check_attached(classifier, "AD(4)", pictures(4, 32))
    assert found.holds
    assert found.same_answers
    assert found.changed == ()
    assert found.learned
    assert (found.pictures, found.answers) == (4, 40)
    state = classifier.state_dict()
    assert found.tensors == len(state)
    assert found.statistics == sum("running" in n or "tracked" in n for n in state) > 90


def test_the_training_of_the_bundled_ones_leaves_it_as_it_is(classifier, tmp_path):
    """All of it: crafting, activations, steps and the finished detector."""
    images = pictures(4, 32)
    recipe = DetectorRecipe(classifier.name, "", "AD(4)", "fgsm", {"eps": 0.01}, epochs=1, batch=4)
    trainer = StaticTrainer(classifier, recipe, 0)

    def train() -> None:
        originals = Originals(classifier, images, None, tmp_path, what="x", show=False)
        crafted = craft(originals, FGSM(eps=0.01), recipe)
        pairs = activations(trainer.result(), crafted, tmp_path, show=False)
        trainer.run(tmp_path, pairs, show=False)
        trainer.result().score(images)

    assert frozen.check_frozen(classifier, trainer.subnetwork, images, train).holds


def test_statistics_that_go_on_being_updated_are_named(classifier):
    """What a framework does that leaves batch normalisation in training mode."""

    def careless() -> None:
        classifier.train()
        with torch.no_grad():
            classifier(pictures(4, 32))
        classifier.eval()

    found = frozen.check_frozen(classifier, torch.nn.Identity(), pictures(4, 32), careless)
    assert not found.holds
    assert not found.same_answers
    assert not found.learned
    assert len(found.changed) == found.statistics
    assert all(name.endswith(frozen.STATISTICS) for name in found.changed)


def test_a_network_for_photographs_stays_as_it_is_too():
    model = zoo.ready(zoo.untrained("imagenette-resnet"), CPU)
    assert frozen.check_attached(model, "AD(4)", pictures(2, 128)).holds
    with pytest.raises(ValueError, match=r"^point of imagenette-resnet must be one of AD\(0\)"):
        frozen.check_attached(model, "AD(9)", pictures(2, 128))
