"""JSMA: the values with the largest product, one way only, until the goal is reached."""

import pytest
import torch

from robust_core import attacks


def test_a_step_moves_the_pair_with_the_largest_product_as_far_as_it_goes(linear, pictures):
    """On two classes the sum of the others is the other logit: worked out from the weights."""
    model, images = linear(2, (9,)), pictures(8, (9,))
    labels = model(images).argmax(1)
    seen = []
    attacks.create("jsma", steps=1).run(model, images, labels, observer=lambda x, _: seen.append(x))
    weight = model.weight.detach()
    for start, end, label in zip(*seen, labels.tolist(), strict=True):
        gain, loss = -weight[label], weight[1 - label]
        pairs = torch.combinations(torch.arange(9))
        sums = gain[pairs].sum(1), loss[pairs].sum(1)
        best = (sums[0] * sums[1]).masked_fill((sums[0] <= 0) | (sums[1] <= 0), -1).argmax()
        moved = torch.zeros(9, dtype=torch.bool).index_fill(0, pairs[best], True)
        assert (start != end).equal(moved)
        assert (end[moved] == 1).all()


@pytest.mark.parametrize("theta", [1.0, -1.0, 0.3, -0.3])
@pytest.mark.parametrize("picked", ["pairs", "single"])
@pytest.mark.parametrize("counted", ["values", "pixels"])
def test_it_goes_one_way_only_and_no_further_than_theta_a_step(
    net, pictures, theta, picked, counted
):
    model, images = net(), pictures(4, (3, 5, 7))
    labels = model(images).argmax(1)
    seen = []
    attack = attacks.create("jsma", theta=theta, picked=picked, counted=counted, steps=6)
    record = attack.run(model, images, labels, observer=lambda x, _: seen.append(x))
    change = record.x_adv - images
    assert (change * theta >= 0).all()
    assert change.abs().max() <= 6 * abs(theta) + 1e-12
    first = (seen[1] != seen[0]).flatten(2)
    counts = first.any(1).sum(1) if counted == "pixels" else first.flatten(1).sum(1)
    assert (counts <= (2 if picked == "pairs" else 1)).all()


def test_success_takes_no_further_step_and_a_picture_that_is_there_one_pass(linear, pictures):
    model, images = linear(3, (1, 4, 4)), pictures(6, (1, 4, 4))
    right = model(images).argmax(1)
    done = attacks.create("jsma").run(model, images, (right + 1) % 3)
    assert done.x_adv.equal(images)
    assert done.queries_forward.unique().tolist() == [1]
    record = attacks.create("jsma").run(model, images, right)
    assert record.success.any()
    most = 2 * (record.queries_forward - 1)
    assert (record.l0[record.success] <= most[record.success]).all()


def test_a_theta_of_nothing_is_refused():
    with pytest.raises(ValueError, match="theta must be from -1 to 1 and not 0; got 0"):
        attacks.create("jsma", theta=0.0)
    with pytest.raises(ValueError, match="theta must be a number from -1 to 1"):
        attacks.create("jsma", theta=1.5)
