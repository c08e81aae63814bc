"""Examples of pictures that an attack turned: the first ones, and those of the same attack on all."""

import pytest
import torch

from robust_core import attacks, defenses, zoo
from robust_core.data import digits
from robust_core.evaluation.examples import examples


@pytest.fixture(scope="module")
def model():
    return zoo.load("digits-cnn", "cpu")


@pytest.mark.parametrize(("adaptive", "defended"), [(False, False), (True, True), (False, True)])
def test_they_are_the_first_that_the_attack_on_all_turns(model, adaptive, defended):
    images, labels = (tensor[:40] for tensor in digits.load("test"))
    judge = defenses.create("median")(model) if defended else model
    attack = attacks.create("fgsm", eps=0.1)
    run, on = judge.attacked_by(attack, adaptive=adaptive) if defended else (attack, model)
    adversarial = run(on, images, labels)
    before, after = (judge(x).argmax(1) for x in (images, adversarial))
    turned = ((before == labels) & (after != labels)).nonzero().flatten()[:3].tolist()
    found = examples(judge, attack, (images, labels), 3, adaptive=adaptive)
    assert len(turned) == 3
    for each, i in zip(found, turned, strict=True):
        assert (each.label, each.answer) == (int(labels[i]), int(after[i]))
        assert torch.equal(each.clean, images[i : i + 1])
        assert torch.allclose(each.adversarial, adversarial[i : i + 1], atol=1e-6)


def test_fewer_where_there_are_fewer(model):
    few = tuple(tensor[:10] for tensor in digits.load("test"))
    assert examples(model, attacks.create("noise", eps=0), few) == []
