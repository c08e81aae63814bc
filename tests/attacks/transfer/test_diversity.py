"""DI-FGSM: what its views show, and that each picture draws for itself."""

import pytest
import torch

from robust_core import attacks
from robust_core.attacks.transfer.diversity import Views, numbers, shrinking


@pytest.fixture
def drawn(pictures):
    """Numbers for 200 pictures."""
    return numbers(pictures(200, (1, 2, 2)), 0, 1)[0]


def test_a_view_is_the_smaller_picture_on_black():
    """Against torch's own interpolation."""
    generator = torch.Generator().manual_seed(0)
    images = torch.rand(1, 3, 9, 12, generator=generator, dtype=torch.float64)
    down = shrinking(9, torch.tensor([7.0]), torch.tensor([2.0]))
    across = shrinking(12, torch.tensor([10.0]), torch.tensor([0.0]))
    expected = torch.zeros_like(images)
    expected[..., 2:, :10] = torch.nn.functional.interpolate(images, (7, 10), mode="bilinear")
    torch.testing.assert_close(Views(down, across)(images), expected)


def test_sizes_and_places_are_spread_over_what_is_allowed(drawn):
    views = Views.of(drawn, 20, 30, 0.5, 0.7)
    there = views.down.sum(2) > 0
    sides, tops = there.sum(1), there.to(torch.int64).argmax(1)
    assert sides.min() == 14
    assert 0.4 < (sides < 20).double().mean() < 0.6
    assert tops.max() > 4
    assert (tops + sides <= 20).all()
    full = drawn[:, 0] >= 0.5
    assert views(torch.ones(200, 1, 20, 30))[full].equal(torch.ones(int(full.sum()), 1, 20, 30))


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 1, 4), (2, 8, 8), (12,)], ids=str)
def test_any_size_keeps_its_shape_and_its_range(shape, drawn, pictures):
    images = pictures(200, shape, low=0, high=1)
    seen = Views.of(drawn, *(1, *shape)[-2:], 1.0, 0.1)(images)
    assert seen.shape == images.shape
    assert seen.min() >= 0
    assert seen.max() <= 1 + 1e-12


def test_pictures_draw_for_themselves(pictures):
    images = pictures(3)
    together = numbers(images, 4, 5)
    for i in range(3):
        assert numbers(images[i, None], 4, 5).equal(together[:, i, None])
    assert not together[:, 0].equal(together[:, 1])
    assert not numbers(images, 5, 5).equal(together)


def test_without_any_gradient_the_margin_s_is_taken_through_the_same_view(pictures):
    """Of two pictures one is so sure that its cross-entropy is exactly flat in the first logit alone."""

    def model(x):
        total = x.sum((1, 2, 3))
        sure = torch.where(total > total.mean(), 1e4, 1.0)
        return torch.stack([sure * total, torch.zeros_like(total)], 1).detach() + 0 * total[:, None]

    images = pictures(2, dtype=torch.float32)
    record = attacks.create("di-fgsm", steps=2, probability=1).run(
        model, images, torch.tensor([0, 0])
    )
    assert record.x_adv.equal(images)  # no gradient at all, and nothing breaks
    assert record.zero_gradients.tolist() == [2, 2]
    assert record.queries_backward.tolist() == [4, 4]


def test_the_attack_goes_up_the_loss_of_what_is_seen(linear, pictures):
    """With one size and place the gradient is the transposed view of the weights."""
    model, images = linear(2), pictures(4)
    labels = torch.tensor([0, 1, 0, 1])
    uphill = (model.weight[1 - labels] - model.weight[labels]).detach().view_as(images)
    attack = attacks.create("di-fgsm", eps=0.1, steps=1, step_size=0.1, probability=1, least=0.5)
    views = Views.of(numbers(images, 0, 1)[0], 5, 7, 1, 0.5)
    expected = views.down.mT.unsqueeze(1) @ uphill @ views.across.unsqueeze(1)
    assert attack(model, images, labels).equal(images + 0.1 * expected.sign())
