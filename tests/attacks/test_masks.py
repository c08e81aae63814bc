"""Masks: outside nothing changes, bit for bit; within an attack is as good as the mask allows."""

import pytest
import torch

from robust_core.attacks import CWL2, DeepFool, DeepFoolLinf, create, get
from robust_core.attacks.balls import L2Ball, LinfBall
from robust_core.attacks.black_box.square import Search
from robust_core.attacks.masks import EVERYTHING
from robust_core.goals import Untargeted

LABELS = torch.tensor([0, 1, 2, 3])


def areas(n: int, shape: tuple[int, ...]) -> torch.Tensor:
    """A rectangle of its own for each picture, ``[n, 1, H, W]``, of very different sizes."""
    mask = torch.zeros(n, 1, *shape[1:], dtype=torch.bool)
    for i, area in enumerate(mask):
        area[0, i % shape[1] :, : 1 + i % shape[2]] = True
    return mask


@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16])
def test_outside_every_attack_leaves_the_pictures_as_they_are(
    case, make, net, pictures, device, dtype
):
    work = torch.float32 if dtype == torch.bfloat16 else dtype
    model = net(dtype=work).to(device)
    images = pictures(4, dtype=dtype, low=0, high=1).to(device)
    mask = areas(4, images.shape[1:]).to(device)
    labels = model(images.to(work)).argmax(1)
    seen = []
    attack = make(case, eps=0.3)
    record = attack.run(model, images, labels, mask=mask, observer=lambda x, _: seen.append(x))
    outside = ~mask.expand_as(images)
    assert record.x_adv[outside].equal(images[outside])
    if attack.has_eps:  # the others look for success, which the mask may leave no room for
        assert not record.x_adv.equal(images), "within, something changes"
    for x in seen:
        if len(x) == len(images):
            assert x[outside].equal(images.to(x.dtype)[outside]), "the observer sees something else"


def test_a_picture_s_own_mask_works_alone_as_in_a_batch(case, make, net, pictures):
    if make(case).joint:
        pytest.skip("learns from all pictures of a batch, and says so")
    model, images = net(), pictures(4)
    mask, labels = areas(4, images.shape[1:]), model(pictures(4)).argmax(1)
    together = make(case, eps=0.1)(model, images, labels, mask=mask)
    for i in range(4):
        alone = make(case, eps=0.1)(
            model, images[i, None], labels[i, None], mask=mask[i, None].double()
        )
        torch.testing.assert_close(alone[0], together[i], rtol=0, atol=1e-6)


def test_a_mask_that_leaves_everything_free_is_none(case, make, net, pictures):
    model, images = net(), pictures(4)
    attack = make(case, eps=0.1)
    every = attack.run(model, images, LABELS, mask=torch.ones(1, 1, *images.shape[2:]))
    none = attack.run(model, images, LABELS)
    assert every.x_adv.equal(none.x_adv)
    assert (EVERYTHING in every.notices, EVERYTHING in none.notices) == (True, False)


@pytest.mark.parametrize("shape", [(3, 5, 7), (12,)], ids=str)
def test_one_step_is_the_closed_form_with_the_masked_gradient(linear, pictures, shape):
    model, images = linear(2, shape), pictures(4, shape)
    random = torch.Generator().manual_seed(0)
    mask = torch.rand(1, *shape[:-2] and (1,), *shape[-2:], generator=random) < 0.5
    labels = torch.tensor([0, 1, 0, 1])
    uphill = (model.weight[1 - labels] - model.weight[labels]).detach().view_as(images) * mask
    fgsm = create("fgsm", eps=0.1)(model, images, labels, mask=mask)
    assert fgsm.equal(images + 0.1 * uphill.sign())
    far = create("bim-l2", eps=0.1, steps=3)(model, images, labels, mask=mask)
    direction = uphill / uphill.flatten(1).norm(dim=1).view(-1, *[1] * (images.ndim - 1))
    torch.testing.assert_close(far, images + 0.1 * direction)


@pytest.mark.parametrize(
    ("attack", "order", "excess"),
    [(DeepFool(), 2, 1.021), (DeepFoolLinf(), 1, 1.021), (CWL2(), 2, 1.01)],
    ids=lambda x: getattr(x, "name", ""),
)
def test_the_smallest_change_is_the_smallest_within_the_mask(
    linear, pictures, attack, order, excess
):
    model, images = linear(10), pictures(20, low=0.45, high=0.55)
    model.weight.data /= 10
    mask = areas(20, images.shape[1:])
    logits = model(images).detach()
    labels = logits.argmax(1)
    ways = (model.weight - model.weight[labels].unsqueeze(1)).detach()
    free = mask.expand_as(images).flatten(1).unsqueeze(1)
    distance = (logits - logits.gather(1, labels[:, None])).abs() / (ways * free).norm(order, dim=2)
    nearest = distance.scatter(1, labels[:, None], torch.inf).amin(1)
    can = nearest < 0.3  # within the box
    record = attack.run(model, images, labels, mask=mask)
    length = record.linf if attack.norm == "linf" else record.l2
    assert can.sum() > 5
    assert record.success[can].all()
    assert (length[can] >= nearest[can] * (1 - 1e-6)).all()
    assert (length[can] <= nearest[can] * excess).all()


def test_noise_of_a_length_has_it_within_the_mask(linear, pictures):
    images = pictures(4, low=0.45, high=0.55)
    attack = create("noise", kind="sphere", eps=0.1)
    record = attack.run(linear(4), images, LABELS, mask=areas(4, images.shape[1:]))
    torch.testing.assert_close(record.l2, torch.full((4,), 0.1, dtype=torch.float64))


def test_a_start_is_uniform_among_the_values_that_are_free(pictures):
    images = pictures(400, (1, 4, 4), low=0.5, high=0.5)
    mask = torch.zeros(1, 1, 4, 4, dtype=torch.bool)
    mask[..., :1, :2] = True  # two values: half of the area of a disc is within 0.71 of its radius
    mask = mask.expand(400, 1, 4, 4)
    images += torch.arange(400).view(-1, 1, 1, 1) * 1e-6  # each picture draws for itself
    disc = (L2Ball(images, 0.1, mask).start(0, 0) - images).flatten(1).norm(dim=1)
    assert 0.4 < (disc < 0.1 * 0.5**0.5).double().mean() < 0.6
    square = LinfBall(images, 0.1, mask).start(0, 0)
    assert square[~mask].equal(images[~mask])
    assert (square - images)[mask].abs().mean() == pytest.approx(0.05, rel=0.1)


def test_every_square_lies_over_the_mask(pictures, linear):
    images = pictures(3, (3, 16, 16))
    mask = torch.zeros(3, 1, 16, 16, dtype=torch.bool)
    mask[0, 0, 0, 0] = mask[1, 0, 5:9, 3:12] = mask[2, 0, 15] = True
    search = Search.of(images, 0.1, Untargeted().bind(LABELS[:3], None), mask)
    for numbers in search.numbers(0, 0, 200, 5).unbind(1):
        changed = search.square(images, numbers, 6) != images
        assert not changed[~mask.expand_as(images)].any()
        assert changed.flatten(1).any(1).all()


def test_square_needs_no_more_queries_than_the_mask_makes_it(linear, pictures):
    """On a linear model each value may be set alone: the optimum is known, and found within the budget."""
    model, images = linear(2, (1, 8, 8)), pictures(4, (1, 8, 8))
    labels = torch.zeros(4, dtype=torch.int64)
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 2:6, 2:6] = 1
    weight = (model.weight[1] - model.weight[0]).detach().view(1, 1, 8, 8) * mask
    sure = torch.tensor([1e3, 0.0], dtype=images.dtype)  # nobody gets there: all queries are spent
    attack = get("square")(eps=0.1, max_queries=1000)
    found = attack(lambda x: model(x) + sure, images, labels, mask=mask)
    gained = (weight * (found - images)).flatten(1).sum(1)
    assert (gained > 0.9 * 0.1 * weight.abs().sum()).all()


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        (torch.ones(5, 7), r"the shape \[1 or 4, 1, 5, 7\]; got \[5, 7\]"),
        (torch.ones(2, 1, 5, 7), r"got \[2, 1, 5, 7\]"),
        (torch.ones(1, 3, 5, 7), r"got \[1, 3, 5, 7\]"),
        (torch.ones(1, 1, 7, 5), r"got \[1, 1, 7, 5\]"),
        (torch.zeros(1, 1, 5, 7), "the mask is empty"),
        (areas(4, (3, 5, 7)) & (torch.arange(4) < 3).view(-1, 1, 1, 1), "a mask is empty"),
        (torch.full((1, 1, 5, 7), torch.nan), "zeros and ones alone"),
        (torch.full((1, 1, 5, 7), 0.5), "zeros and ones alone"),
        ([[1]], "must be a tensor of zeros and ones; got list"),
    ],
)
def test_a_mask_that_cannot_be_meant_is_refused(linear, pictures, mask, said):
    with pytest.raises(ValueError, match=said):
        create("fgsm").run(linear(4), pictures(4), LABELS, mask=mask)
    with pytest.raises(ValueError, match=said):
        create("fgsm")(linear(4), pictures(4), LABELS, mask=mask)
