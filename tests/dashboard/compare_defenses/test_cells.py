"""What the page Compare defences says of a trained network: the training that it really had."""

from robust_core import defenses
from robust_core.dashboard.compare_defenses.cells import how_trained


def test_the_steps_of_the_training_are_those_of_the_recipe():
    pgd = how_trained(defenses.create("pgd-at"), "cifar10-resnet32")
    assert "2 steps of 5/255 from a random start, within eps 8/255" in pgd
    assert "7 steps of 2/255" in pgd
    fgsm = how_trained(defenses.create("fgsm-at"), "cifar10-resnet32")
    assert "1 step of 10/255 from a random start, within eps 8/255" in fgsm
    plain = how_trained(defenses.create("fgsm-at-plain"), "cifar10-resnet32")
    assert "1 step of 8/255 from the picture itself" in plain


def test_nothing_is_said_of_a_network_that_was_not_trained_so():
    assert how_trained(defenses.create("pgd-at"), "imagenet-resnet50") == ""
    assert how_trained(defenses.create("distilled"), "cifar10-resnet32") == ""
