"""Linear models, where the nearest change is known: a closed form in L1, L2 and Linf, a search in L0."""

from itertools import combinations

import pytest
import torch

from robust_core import attacks, goals

DUAL = {"l2": 2, "linf": 1}
LENGTHS = ("ddn", "fmn-l1", "fmn-l2", "fmn-linf")


def nearest(model, images, labels, norm):
    """Distance ``[N]`` of the nearest boundary of a linear model: |gap| / dual norm of its slope.

    The box cuts off none of the changes in L2 and Linf. In L1 the steepest values go to its edge in turn.
    """
    logits, weight = model(images).detach(), model.weight.detach()
    rows = torch.arange(len(labels))
    gaps = (logits[rows, labels].unsqueeze(1) - logits).clamp_min(0)
    slopes = weight.unsqueeze(0) - weight[labels].unsqueeze(1)
    if norm == "l1":
        x = images.flatten(1).unsqueeze(1)
        room = torch.where(slopes > 0, 1 - x, x)
        steepest, order = slopes.abs().sort(dim=2, descending=True)
        gained = (steepest * room.gather(2, order)).cumsum(2)
        before = gained - steepest * room.gather(2, order)
        last = (gained < gaps.unsqueeze(2)).sum(2, keepdim=True).clamp_max(x.shape[2] - 1)
        whole = room.gather(2, order).cumsum(2) - room.gather(2, order)
        rest = (gaps.unsqueeze(2) - before.gather(2, last)) / steepest.gather(2, last)
        lengths = (whole.gather(2, last) + rest).squeeze(2)
    else:
        lengths = gaps / slopes.norm(DUAL[norm], dim=2)
    return lengths.scatter(1, labels.unsqueeze(1), torch.inf).amin(1)


@pytest.mark.parametrize("name", LENGTHS)
@pytest.mark.parametrize("classes", [2, 10])
@pytest.mark.parametrize("scale", [1e-3, 1, 1e3])
def test_the_nearest_boundary_of_a_linear_model_is_found(linear, pictures, name, classes, scale):
    model, images = linear(classes, (1, 6, 6)), pictures(16, (1, 6, 6))
    images = 0.5 + 0.1 * (images - 0.5)  # close to the boundaries, far from the edges of the box
    labels = model(images).argmax(1)
    attack = attacks.create(name)
    record = attack.run(lambda x: scale * model(x), images, labels)
    ratio = getattr(record, attack.norm) / nearest(model, images, labels, attack.norm)
    assert record.success.all()
    assert ratio.min() >= 1 - 1e-9
    assert ratio.max() <= 1.02


@pytest.mark.parametrize("name", LENGTHS)
def test_a_target_s_boundary_is_found_too(linear, pictures, name):
    model, images = linear(2, (2, 5, 4)), 0.5 + 0.1 * (pictures(8, (2, 5, 4)) - 0.5)
    labels = model(images).argmax(1)
    attack = attacks.create(name)
    record = attack.run(model, images, 1 - labels, goals.Targeted())
    assert record.success.all()
    exact = nearest(model, images, labels, attack.norm)
    assert (getattr(record, attack.norm) / exact).max() <= 1.02


def fewest(slope, image, lack):
    """By trying all sets of values, each as far as the box allows: how many have to change."""
    gains = torch.where(slope > 0, slope * (1 - image), -slope * image)
    places = range(len(image))
    for number in range(1, len(image) + 1):
        if any(gains[list(chosen)].sum() > lack for chosen in combinations(places, number)):
            return number
    return None


def counts(name, model, images, lacks):
    """Fewest values, by search and by the attack, where so much is lacking to leave class 0."""
    slope = (model.weight[1] - model.weight[0]).detach()
    rows = {x: lack + x @ slope for x, lack in zip(images, lacks, strict=True)}
    exact = [fewest(slope, x, lack.item()) for x, lack in zip(images, lacks, strict=True)]
    found = []
    for x, bias in rows.items():

        def shifted(batch, bias=bias):
            return torch.stack([0 * batch[:, 0], batch @ slope - bias], 1)

        label = torch.zeros(1, dtype=torch.long)
        record = attacks.create(name, counted="values").run(shifted, x[None], label)
        assert record.success.all()
        found.append(int(record.l0))
    return exact, found


# Values of which the slope is small never move as far as sigma-zero's threshold in one step.
@pytest.mark.parametrize(("name", "most"), [("fmn-l0", 8), ("sigma-zero", 5)])
def test_the_fewest_values_of_a_linear_model_are_found(linear, name, most):
    model, images = linear(2, (8,)), torch.full((most, 8), 0.5, dtype=torch.float64)
    gains = (model.weight[1] - model.weight[0]).detach().abs().sort(descending=True).values / 2
    exact, found = counts(name, model, images, (gains.cumsum(0) - gains / 2)[:most])
    assert exact == list(range(1, most + 1))
    assert found == exact


def test_sigma_zero_finds_the_fewest_where_values_have_unequal_room(linear, pictures):
    model, images = linear(2, (8,)), pictures(12, (8,), low=0.1, high=0.9)
    most = (model.weight[1] - model.weight[0]).detach().abs().sum() / 2
    exact, found = counts("sigma-zero", model, images, most * torch.linspace(0.05, 0.4, 12))
    assert max(exact) > 1
    assert found == exact
