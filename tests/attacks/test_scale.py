"""The scale of logits and classes at minus infinity: neither changes what an attack finds."""

import math
from functools import cache

import pytest
import torch
from torch import Tensor, nn

from robust_core import attacks, goals
from robust_core.attacks.scale import ORDINARY, Units, factors, spread

SCALES = [1e18, 1e25, 1e-12, 1e-16]
WHITE_BOX = [name for name in attacks.local_names() if attacks.get(name).knowledge == "white-box"]
FEW = {"steps": 10, "rounds": 5, "targets": 9, "search_steps": 2, "max_queries": 50, "epochs": 2}


class Head(nn.Module):
    """The bundled digits, and what is done to their logits."""

    def __init__(self, body: nn.Module, end) -> None:
        super().__init__()
        self.body, self.end = body, end

    def forward(self, x: Tensor) -> Tensor:
        return self.end(self.body(x))


def scaled(by: float):
    return lambda logits: by * logits


def ruled_out(logits: Tensor) -> Tensor:
    """Ten classes of a thousand: the others are at minus infinity."""
    more = logits.new_full((len(logits), 990), -math.inf)
    return torch.cat([logits, more], 1)


def added(logits: Tensor) -> Tensor:
    """As ``ruled_out``, by an addition: gradients arrive at all thousand."""
    full = torch.cat([logits, logits.mean(1, keepdim=True).expand(-1, 990)], 1)
    mask = torch.zeros(1000)
    mask[10:] = -math.inf
    return full + mask


@pytest.fixture
def few(digits_test):
    return tuple(x[:4] for x in digits_test)


@pytest.fixture(scope="module")
def plain(digits_model, digits_test):
    """``plain(name)``: what an attack makes of the model as it is, once for all tests."""
    return cache(lambda name: create(name).run(digits_model, *(x[:4] for x in digits_test)))


def create(name: str, **given) -> attacks.Attack:
    kind = attacks.get(name)
    eps = {"l2": 1.5}.get(kind.norm, 0.25)
    known = set(kind.__dataclass_fields__)
    return attacks.create(
        name, **{k: v for k, v in {**FEW, "eps": eps, **given}.items() if k in known}
    )


def test_the_spread_is_that_of_the_classes_that_are_not_ruled_out():
    logits = torch.tensor([[3.0, -1, 1], [3, -math.inf, 1], [3, -math.inf, -math.inf]])
    assert spread(logits).tolist() == [4, 2, 0]
    assert spread(torch.full((1, 3), -math.inf)).tolist() == [0]
    assert spread(torch.tensor([[math.nan, 1]])).isnan().all()


@pytest.mark.parametrize("by", [*SCALES, 1e-36, 1e37, 4e-45])
def test_factors_are_powers_of_two_that_bring_the_spread_to_the_usual(by):
    logits = by * torch.tensor([[0.0, 1, 7], [0, -math.inf, 9]])
    found = factors(logits, ORDINARY)
    assert (torch.frexp(found)[0] == 0.5).all()
    if by > 1e-37:  # of less than that no float32 can make it
        assert ((spread(found[:, None] * logits) - 24).abs() <= 8).all()
    assert (found * spread(logits) > spread(logits)).tolist() == [by < 1] * 2


def test_ordinary_logits_and_those_without_a_spread_are_left_alone():
    logits = torch.tensor([[0.0, 1], [0, 4096], [5, 5], [0, math.inf], [0, math.nan]])
    assert factors(logits, ORDINARY).tolist() == [1] * 5
    units = Units(5)
    units.see(logits, None)
    assert units.of(None) is units.of(torch.tensor([1])) is None


def test_a_unit_is_that_of_the_first_answer_about_the_picture():
    units = Units(3)
    first = torch.tensor([[0.0, 16], [0, 2.0**20], [0, 2.0**-20]])
    units.see(first, None)
    units.see(first.flip(0), None)
    assert units.of(None).tolist() == [1, 2.0**-16, 2.0**24]
    assert units.of(torch.tensor([2, 0])).tolist() == [2.0**24, 1]


@pytest.mark.parametrize("power", [-120, -53, 60, 110])
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("deepfool", {}),
        ("deepfool-linf", {}),
        ("cw-l2", {}),
        ("pgd", {"loss": "margin"}),
        ("pgd-l2", {"loss": "dlr"}),
        ("apgd-t", {"steps": 3, "targets": 2}),
        ("square", {}),
    ],
)
def test_a_power_of_two_changes_no_bit(digits_model, few, name, given, power):
    attack = create(name, **given)
    expected = attack.run(digits_model, *few)
    record = attack.run(Head(digits_model, scaled(2.0**power)), *few)
    assert expected.success.any()
    assert record.x_adv.equal(expected.x_adv)
    assert record.success.equal(expected.success)
    assert record.queries_backward.equal(expected.queries_backward)


@pytest.mark.parametrize("by", SCALES)
@pytest.mark.parametrize("name", WHITE_BOX)
def test_every_attack_succeeds_at_every_scale(digits_model, few, plain, name, by):
    attack = create(name)
    expected = plain(name)
    record = attack.run(Head(digits_model, scaled(by)), *few)
    assert record.success.equal(expected.success)
    assert expected.success.all() or name == "fgsm"
    if name in ("deepfool", "deepfool-linf", "cw-l2"):  # the others' constants weigh the logits
        found, wanted = (getattr(r, attack.norm) for r in (record, expected))
        torch.testing.assert_close(found, wanted, rtol=0.01, atol=0)


@pytest.mark.parametrize("by", SCALES)
def test_deepfool_ends_at_the_boundary_of_a_linear_model(linear, pictures, by):
    model, images = linear(5, dtype=torch.float32), pictures(dtype=torch.float32)
    labels = model(images).argmax(1)
    gaps = model(images).gather(1, labels[:, None]) - model(images)
    slopes = (model.weight[labels][:, None] - model.weight).norm(dim=2)
    exact = (gaps / slopes).nan_to_num(nan=math.inf).amin(1).double()
    for name, more in (("deepfool", 1.03), ("cw-l2", 1.05)):
        record = attacks.create(name).run(Head(model, scaled(by)), images, labels)
        assert record.success.all()
        assert (record.l2 >= 0.999 * exact).all()
        assert (record.l2 <= more * exact).all()


def test_cross_entropy_is_not_made_free_of_the_scale(digits_model, few):
    """At a tiny scale all other classes count equally, at a large one the likeliest alone."""
    fgsm = create("fgsm")
    tiny, plain, large = (fgsm(Head(digits_model, scaled(by)), *few) for by in (1e-12, 1.0, 1e18))
    assert large.equal(create("fgsm", loss="margin")(digits_model, *few))
    assert not tiny.equal(plain)
    naive = create("fgsm", loss="softmax-ce").run(Head(digits_model, scaled(1e18)), *few)
    assert naive.zero_gradients.tolist() == [1] * 4
    assert naive.linf.max() == 0


def test_kappa_counts_in_the_logits_of_the_model(digits_model, few):
    by = 2.0**15
    expected = create("cw-l2", confidence=2).run(digits_model, *few)
    model = Head(digits_model, scaled(by))
    record = create("cw-l2", confidence=2 * by).run(model, *few)
    assert record.x_adv.equal(expected.x_adv)
    margin = goals.Untargeted().bind(few[1]).margin(model(record.x_adv))
    assert (margin >= 0.999 * 2 * by).all()


@pytest.mark.parametrize("end", [ruled_out, added])
@pytest.mark.parametrize("name", WHITE_BOX)
def test_classes_that_are_ruled_out_change_nothing(digits_model, few, plain, name, end):
    record = create(name).run(Head(digits_model, end), *few)
    expected = plain(name)
    assert record.success.equal(expected.success)
    torch.testing.assert_close(record.x_adv, expected.x_adv, rtol=0, atol=1e-4)
    assert record.queries_forward.equal(expected.queries_forward)


@pytest.mark.parametrize("name", WHITE_BOX)
def test_two_classes_of_ten_are_two_classes(digits_model, digits_test, name):
    images, labels = (x[:4] for x in digits_test)
    labels = digits_model(images)[:, :2].argmax(1)
    out = torch.arange(10) > 1
    record = create(name).run(
        Head(digits_model, lambda z: z.masked_fill(out, -math.inf)), images, labels
    )
    expected = create(name).run(Head(digits_model, lambda z: z[:, :2]), images, labels)
    assert record.success.equal(expected.success)
    assert record.success.any()
    assert record.x_adv.isfinite().all()


@pytest.mark.parametrize("name", attacks.local_names())
def test_a_target_that_is_ruled_out_is_said_to_be_out_of_reach(digits_model, few, name):
    images, labels = few
    targets = torch.tensor([500, 501, (labels[2] + 1) % 10, 999])
    attack = create(name)
    if "targeted" not in attack.goals:
        pytest.skip("has no targets")
    for end in (ruled_out, added):
        record = attack.run(Head(digits_model, end), images, targets, goals.Targeted())
        assert record.x_adv.isfinite().all()
        assert record.success[[0, 1, 3]].tolist() == [False] * 3
        assert any("cannot be reached" in s and "3 of 4 pictures" in s for s in record.notices)
        alone = attack.run(Head(digits_model, end), images[2:3], targets[2:3], goals.Targeted())
        assert record.success[2] == alone.success[0]
        if not attack.joint:
            torch.testing.assert_close(record.x_adv[2:3], alone.x_adv, rtol=0, atol=1e-4)


@pytest.mark.parametrize("name", WHITE_BOX)
def test_a_model_with_one_class_left_cannot_be_fooled(digits_model, few, name):
    out = torch.arange(10) != 3
    model = Head(digits_model, lambda z: z.masked_fill(out, -math.inf))
    record = create(name).run(model, few[0], torch.full((4,), 3))
    assert not record.success.any()
    assert record.x_adv.isfinite().all()


def test_goals_choose_no_class_that_is_ruled_out(digits_model, few):
    logits = digits_model(few[0])
    masked = ruled_out(logits)
    for goal in (goals.LeastLikely(), goals.RandomTarget()):
        found = goal.bind(few[1], masked).classes
        assert (found < 10).all()
    assert goals.LeastLikely().bind(few[1], masked).classes.equal(logits.argmin(1))


@pytest.mark.parametrize("name", ["cw-l2", "cw-linf", "cw-l0"])
def test_carlini_counts_gradients_that_vanish(few, name):
    def flat(x):
        return x.sum((1, 2, 3))[:, None] * 0 + torch.arange(10.0)

    record = create(name).run(flat, few[0], torch.full((4,), 9))
    assert record.zero_gradients.equal(record.iterations)
    assert (record.iterations > 0).all()
