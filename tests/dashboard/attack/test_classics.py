"""Printed figures on the page's picture: their attacks, goals, and the network that stands beside."""

from dataclasses import replace

import pytest

from robust_core import attacks, zoo
from robust_core.dashboard.attack.classics import CLASSICS, robust_relative
from robust_core.dashboard.request import Chosen, Request
from robust_core.data import samples
from robust_core.goals import LeastLikely, Towards, Untargeted


@pytest.fixture
def page():
    """A request of the page Attack."""
    picture = samples.load("chelsea").picture
    model = zoo.describe("cifar10-resnet32")
    return Request(
        Chosen(picture, "sample:x"), "crop", model, attacks.create("bim", eps=0.15), shown_eps=0.15
    )


def test_each_figure_is_an_attack_of_its_own_size(page):
    eps = {name: each.request(page).attack.parameters.get("eps") for name, each in CLASSICS.items()}
    assert eps == {"panda": 0.007, "pig": 0.005, "thousandth": 0.001, "hen": 0.15, "candle": None}
    assert all(each.request(page).chosen is page.chosen for each in CLASSICS.values())


def test_a_model_that_lacks_the_printed_class_gets_another_goal(page):
    assert isinstance(CLASSICS["candle"].request(page).goal, LeastLikely)
    assert isinstance(CLASSICS["pig"].request(page).goal, Untargeted)
    names = (*page.model.class_names, "Tibetan terrier")
    more = replace(page, model=replace(page.model, class_names=names))
    assert CLASSICS["candle"].request(more).goal == Towards(len(names) - 1)


def test_the_robust_network_is_the_model_s_own_relative():
    assert robust_relative("cifar10-resnet32") == "cifar10-resnet32-pgd-at"
    assert robust_relative("cifar10-resnet32-distilled-t100") == "cifar10-resnet32-pgd-at"
    assert robust_relative("cifar10-resnet32-pgd-at") is None
    assert robust_relative("imagenet-vgg11") is None
