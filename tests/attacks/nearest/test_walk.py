"""What the walks share: one pass a step, the nearest success kept, nothing for who is there already."""

import pytest
import torch

from robust_core import attacks, goals

NAMES = ("ddn", "fmn-l0", "fmn-l1", "fmn-l2", "fmn-linf", "sigma-zero")


@pytest.mark.parametrize("name", NAMES)
def test_a_step_is_one_pass_and_the_last_takes_no_gradient(net, pictures, name):
    model, images = net(), pictures(4)
    labels = model(images).argmax(1)
    labels[0] = (labels[0] + 1) % 5  # wrong already
    record = attacks.create(name, steps=7).run(model, images, labels)
    assert record.queries_forward.tolist() == [1, 7, 7, 7]
    assert record.queries_backward.tolist() == [1, 6, 6, 6]
    assert record.success[0]
    assert record.x_adv[0].equal(images[0])


@pytest.mark.parametrize("name", NAMES)
def test_the_result_is_the_nearest_success_that_was_seen(digits_model, digits_test, name):
    images, labels = (x[:8] for x in digits_test)
    labels = digits_model(images).argmax(1)
    attack = attacks.create(name, steps=30)
    seen = []
    record = attack.run(digits_model, images, labels, observer=lambda x, _: seen.append(x))
    lengths = []
    for x in seen:
        with torch.no_grad():
            reached = digits_model(x).argmax(1) != labels
        length = attack.length(x - images).double()
        lengths.append(torch.where(reached, length, torch.inf))
    nearest = torch.stack(lengths).amin(0)
    assert record.success.all()
    found = attack.length(record.x_adv - images).double()
    torch.testing.assert_close(found, nearest, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_more_steps_come_nearer_on_average(digits_model, digits_test, name):
    images, labels = (x[:24] for x in digits_test)
    few, many = (
        attacks.create(name, steps=steps).run(digits_model, images, labels) for steps in (6, 80)
    )
    norm = attacks.get(name).norm
    both = few.success & many.success
    assert many.success.sum() >= few.success.sum()
    assert both.any()
    assert getattr(many, norm)[both].mean() < getattr(few, norm)[both].mean()


@pytest.mark.parametrize("name", NAMES)
def test_a_goal_of_less_confidence_costs_less_than_another_class(digits_model, digits_test, name):
    images, labels = (x[:16] for x in digits_test)
    labels = digits_model(images).argmax(1)
    attack = attacks.create(name, steps=60)
    less = attack.run(digits_model, images, labels, goals.ConfidenceReduction(drop=0.2))
    other = attack.run(digits_model, images, labels)
    assert less.success.all()
    assert getattr(less, attack.norm).mean() < getattr(other, attack.norm).mean()
