"""What all universal attacks promise: one change for all, seeded, the caller's arrays left alone."""

from dataclasses import replace

import pytest
import torch

from robust_core import attacks, goals
from robust_core.attacks.base import Attack
from robust_core.attacks.universal.base import UniversalAttack
from robust_core.files import json_text
from robust_core.goals import Targeted, Towards

NAMES = [name for name in attacks.names() if attacks.get(name).scope == "universal"]
PERTURBATIONS = [name for name in NAMES if name != "patch"]
SMALL = {"passes": 2, "steps": 4}


def build(name: str, **parameters) -> UniversalAttack:
    wanted = SMALL | parameters
    known = set(attacks.get(name)().parameters)
    return attacks.create(name, **{k: v for k, v in wanted.items() if k in known})


@pytest.fixture
def problem(net, pictures):
    """A network, twelve pictures, its own answers."""
    model, images = net(), pictures(12, (3, 8, 8), low=0.0, high=1.0)
    return model, images, model(images).argmax(1)


def test_those_with_one_change_for_all_are_not_offered_for_one_picture():
    assert NAMES == ["uap", "uap-l2", "uap-sgd", "patch"]
    assert attacks.local_names() == [name for name in attacks.names() if name not in NAMES]
    assert all(issubclass(attacks.get(name), UniversalAttack) for name in NAMES)
    assert all(attacks.get(name).knowledge == "white-box" for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_fit_is_seeded_and_leaves_everything_alone(name, problem):
    model, images, labels = problem
    given, classes = images.clone(), labels.clone()
    model.train()  # restored afterwards, module by module
    model.norm.eval()
    first = build(name).fit(model, images, labels)
    assert model.training
    assert not model.norm.training
    assert images.equal(given)
    assert labels.equal(classes)
    assert all(p.grad is None for p in model.parameters())
    assert first.delta.dtype == torch.float32
    assert not first.delta.requires_grad
    assert build(name).fit(model, images, labels).delta.equal(first.delta)
    other = build(name, seed=1, batch=3).fit(model, images, labels)
    assert not other.delta.equal(first.delta), "the seed decides the order"


@pytest.mark.parametrize("name", NAMES)
def test_the_record_says_what_the_figures_hold_for(name, problem):
    model, images, labels = problem
    found = build(name).fit(model, images, labels, Towards(2))
    record = found.record
    assert (record["attack"], record["n"], record["norm"]) == (name, 12, build(name).norm)
    assert record["eps"] == build(name).parameters.get("eps")
    assert record["parameters"] == build(name).parameters
    assert (record["goal"], record["goal_parameters"]) == ("targeted", {"target": 2})
    assert 0 < sum(share for _, share in record["dominant"]) <= 1
    assert record["model"] is None
    json_text(record)  # strict


@pytest.mark.parametrize("name", NAMES)
def test_every_pass_is_counted(name, problem):
    model, images, labels = problem
    asked = [0]

    def counting(x):
        asked[0] += len(x)
        return model(x)

    record = build(name).fit(counting, images, labels).record
    assert record["queries"] == asked[0]
    assert record["gradients"] > 0


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_the_ball_holds_after_every_pass_and_the_curve_is_what_one_would_count(name, problem):
    model, images, labels = problem
    eps = 0.2 if name == "uap-l2" else 0.02
    seen = []
    found = build(name, eps=eps, passes=3, fooling=1.0).fit(
        model, images, labels, observer=lambda delta, rate: seen.append((delta, rate.item()))
    )
    assert [rate for _, rate in seen] == found.record["curve"]
    order = 2 if name == "uap-l2" else torch.inf
    for delta, rate in seen:
        assert delta.shape == (1, 3, 8, 8)
        assert torch.linalg.vector_norm(delta, order) <= eps * (1 + 1e-6)
        shown = model((images + delta).clamp(0, 1)).argmax(1)
        assert rate == pytest.approx((shown != labels).double().mean().item())
    best = max(reversed(seen), key=lambda pair: pair[1])
    torch.testing.assert_close(found.delta.double(), best[0], rtol=0, atol=1e-7)


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_within_a_pass_it_tells_how_far_it_is_and_who_looks_changes_nothing(name, problem):
    attack = build(name, passes=2, batch=7, fooling=1.0)
    told, ends = [], []

    def within(delta, done):
        told.append((delta, done))

    looked = attack.fit(*problem, within=within, observer=lambda delta, rate: ends.append(delta))
    alone = attack.fit(*problem)
    assert torch.equal(looked.delta, alone.delta)
    assert looked.record == alone.record
    n = len(problem[1])
    a_pass = [done for _, done in told][: len(told) // len(ends)]
    assert a_pass == sorted(set(a_pass))
    assert a_pass[-1] == n
    assert [done for _, done in told] == a_pass * len(ends)
    for k, end in enumerate(ends, 1):
        assert torch.equal(told[k * len(a_pass) - 1][0], end)
    with pytest.raises(ZeroDivisionError):
        attack.fit(*problem, within=lambda delta, done: 1 / 0)


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_a_radius_of_0_fools_nobody(name, problem):
    model, images, labels = problem
    found = build(name, eps=0).fit(model, images, labels)
    assert not found.delta.any()
    assert set(found.record["curve"]) == {0.0}


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_fooling_is_measured_against_the_model_s_own_answer(name, problem):
    """With wrong labels the same: what counts is that the answer changes."""
    model, images, labels = problem
    right, wrong = (build(name).fit(model, images, y) for y in (labels, (labels + 1) % 5))
    assert right.delta.equal(wrong.delta)
    assert right.record["curve"] == wrong.record["curve"]


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_on_a_batch_it_is_fit_and_apply_on_that_batch(name, problem):
    model, images, labels = problem
    attack = build(name, eps=0.05)
    record = attack.run(model, images, labels)
    v = attack.fit(model, images, labels).delta.double()
    torch.testing.assert_close(record.x_adv, (images + v).clamp(0, 1), rtol=0, atol=1e-7)
    assert record.success.equal(model(record.x_adv).argmax(1) != labels)
    assert record.queries_forward.min() > 0
    assert attack(model, images, labels).equal(record.x_adv)


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_outside_a_mask_nothing_changes(name, problem):
    model, images, labels = problem
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 2:6, 1:5] = 1
    attack = build(name, eps=0.05)
    changed = attack(model, images, labels, mask=mask)
    free = mask.bool().expand_as(images)
    assert changed[~free].equal(images[~free])
    assert not changed.equal(images)
    delta = attack.fit(model, images, labels, mask=mask).delta
    assert not delta[~free[:1]].any()


def test_a_mask_is_refused_by_a_patch_which_is_one(problem):
    model, images, labels = problem
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., :4, :4] = 1
    with pytest.raises(ValueError, match=r"^mask is not for patch.* at="):
        build("patch")(model, images, labels, mask=mask)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("count", "said"), [(1, "one picture"), (2, "2 pictures of one class")])
def test_of_one_picture_or_one_class_it_says_that_it_is_hardly_a_set(name, count, said, problem):
    model, images, labels = problem
    with pytest.warns(UserWarning, match=rf"^The fitting set has {said}.*several classes\.$"):
        found = build(name).fit(model, images[:count], labels[:1].expand(count))
    assert found.record["n"] == count
    assert found.apply(images).shape == images.shape


@pytest.mark.parametrize("name", NAMES)
def test_several_classes_and_one_target_are_a_set(name, problem, recwarn):
    model, images, _ = problem
    labels = torch.arange(len(images)) % 3
    build(name).fit(model, images, labels)
    build(name).fit(model, images, torch.full_like(labels, 2), Targeted())
    assert not recwarn.list


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"images": torch.rand(0, 3, 8, 8)}, "images must be a batch"),
        ({"images": torch.full((12, 3, 8, 8), torch.nan)}, r"images must be in \[0, 1\]"),
        ({"images": 255 * torch.rand(12, 3, 8, 8)}, "Divide 0-255 pixels by 255"),
        ({"labels": torch.zeros(3, dtype=torch.int64)}, "labels must be one class index"),
        ({"labels": torch.full((12,), 7)}, "class indices from 0 to 4"),
        ({"goal": "cat"}, "goal must be one of robust_core.goals"),
        ({"goal": goals.LeastLikely()}, "goal of .* must be one of untargeted, targeted"),
        ({"goal": Towards(5)}, "class indices from 0 to 4"),
        ({"mask": torch.zeros(1, 1, 8, 8)}, "the mask is empty"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_a_set_that_cannot_be_meant_is_refused(name, change, said, net, problem):
    _, images, labels = problem
    given = {"images": images.float(), "labels": labels} | change
    with pytest.raises(ValueError, match=said):
        build(name).fit(net(dtype=torch.float32), given.pop("images"), given.pop("labels"), **given)


def test_an_observer_that_raises_ends_the_fit(problem):
    class Enough(Exception):
        pass

    def observer(delta, rate):
        raise Enough

    for name in NAMES:
        with pytest.raises(Enough):
            build(name).fit(*problem, observer=observer)


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_towards_a_class_more_pictures_reach_it(name, linear, pictures):
    """On a linear model one v does for all what it does for one: its logit rises over the others'."""
    model, images = linear(4), pictures(40, low=0.4, high=0.6)
    model.weight.data /= 4
    eps = 2.0 if name == "uap-l2" else 0.2
    before = (model(images).argmax(1) == 3).double().mean()
    found = build(name, eps=eps, fooling=1.0).fit(
        model, images, torch.zeros(40, dtype=torch.int64), Towards(3)
    )
    after = (model(found.apply(images)).argmax(1) == 3).double().mean()
    assert before < 0.8
    assert after == 1.0
    assert found.record["curve"][-1] == 1.0


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_it_beats_random_signs_of_its_size_by_far(name, digits_model, digits_test):
    images, labels = (x[:60] for x in digits_test)
    held_out = digits_test[0][120:240]
    eps = 2.0 if name == "uap-l2" else 0.25
    quick = {} if name == "uap-sgd" else {"passes": 2, "candidates": 3}
    found = attacks.create(name, eps=eps, **quick).fit(digits_model, images, labels)
    clean = digits_model(held_out).argmax(1)
    signs = torch.randn(1, 1, 8, 8, generator=torch.Generator().manual_seed(0)).sign()
    noise = replace(found, delta=signs * (eps / 8 if name == "uap-l2" else eps))

    def fooled(universal):
        return (digits_model(universal.apply(held_out)).argmax(1) != clean).double().mean()

    assert fooled(found) >= fooled(noise) + 0.2


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_pictures_stay_in_the_ball(dtype, problem, net):
    _, images, labels = problem
    given = images.to(dtype)
    x = build("uap-sgd", eps=0.02)(net(dtype=torch.float32), given, labels)
    assert x.dtype == dtype
    assert (x.double() - given.double()).abs().max() <= 0.02 * (1 + 1e-6)


def test_base_attacks_are_local():
    assert Attack.scope == "local"
