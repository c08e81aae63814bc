"""The contract of every attack: what it promises about its result and about what it leaves alone."""

import re
from dataclasses import FrozenInstanceError, asdict, fields, replace
from functools import partial

import pytest
import torch
from torch import nn

from robust_core import attacks, goals
from robust_core.attacks.knowledge import BY_QUERIES

SEEDLESS = ("fgsm", "bim", "mi", "ti", "deepfool", "cw", "ddn", "fmn", "sigma", "jsma", "dynamic")
"""Families that draw no random numbers."""
LABELS = torch.tensor([0, 1, 2, 3])


@pytest.fixture
def pictures(pictures):
    """Pictures that fill the box."""
    return partial(pictures, low=0.0, high=1.0)


def linf(a, b):
    return (a.double() - b.double()).flatten(1).abs().amax(1)


def l2(a, b):
    return (a.double() - b.double()).flatten(1).norm(dim=1)


def assert_allowed(attack, adversarial, images):
    """In the box and, where the attack has one, in the ball, measured in float64."""
    assert adversarial.isfinite().all()
    assert adversarial.min() >= 0
    assert adversarial.max() <= 1
    if "eps" not in asdict(attack):
        return
    if attack.norm == "l2":
        assert (l2(adversarial, images) <= attack.eps * (1 + 1e-5)).all()
    else:
        assert (linf(adversarial, images) <= attack.eps + 1e-6).all()


def saturated(images):
    """A third of the values exactly 0, a third exactly 1."""
    share = torch.rand(images.shape, generator=torch.Generator().manual_seed(1))
    images = images.masked_fill(share.to(images.device) < 1 / 3, 0)
    return images.masked_fill(share.to(images.device) > 2 / 3, 1)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("eps", [8 / 255, 0.7])
def test_result_is_in_box_and_ball_in_the_dtype_of_the_pictures(
    case, make, linear, pictures, device, dtype, eps
):
    work = torch.float64 if dtype == torch.float64 else torch.float32
    model = linear(10, dtype=work).to(device)
    images = saturated(pictures(8, dtype=dtype).to(device))
    attack = make(case, eps=eps)
    labels = model(images.to(work)).argmax(1)  # some attacks leave alone what is wrong already
    adversarial = attack(model, images, labels)
    assert (adversarial.dtype, adversarial.device) == (dtype, images.device)
    assert adversarial.shape == images.shape
    assert not adversarial.requires_grad
    assert adversarial.grad_fn is None
    assert_allowed(attack, adversarial, images)
    if "eps" in asdict(attack):  # in three steps the others need not have found anything
        assert not adversarial.equal(images)


@pytest.mark.parametrize("n", [1, 64])
@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 5, 7), (1, 1, 1), (12,)], ids=str)
@pytest.mark.parametrize("classes", [2, 100])
def test_any_batch_channels_size_and_number_of_classes(
    case, make, linear, pictures, n, shape, classes
):
    model, images = linear(classes, shape), pictures(n, shape)
    attack = make(case, eps=0.1)
    adversarial = attack(model, images, torch.arange(n) % classes)
    assert adversarial.shape == images.shape
    assert_allowed(attack, adversarial, images)


@pytest.mark.parametrize("eps", [1e-4, 1e-3])
def test_float32_pixels_do_not_round_out_of_a_small_l2_ball(make, linear, pictures, eps):
    images = pictures(4, (3, 32, 32), torch.float32)
    attack = make("bim-l2", eps=eps)
    adversarial = attack(linear(4, (3, 32, 32), torch.float32), images, LABELS)
    assert_allowed(attack, adversarial, images)
    assert (l2(adversarial, images) > 0.5 * eps).all()


def test_a_large_flat_picture_keeps_to_the_l2_ball_in_float32(make):
    model = lambda x: torch.stack([x.sum((1, 2, 3)), -x.sum((1, 2, 3))], 1)  # noqa: E731
    images = torch.full((1, 3, 224, 224), 0.7)
    for eps in (0.3, 0.5, 2.0):
        attack = make("bim-l2", eps=eps)
        adversarial = attack(model, images, torch.tensor([1]))
        assert_allowed(attack, adversarial, images)
        assert l2(adversarial, images).item() == pytest.approx(eps, rel=1e-4)


def test_half_precision_rounds_towards_the_original(make, linear, pictures):
    model = linear(4, dtype=torch.float32)
    for dtype in (torch.bfloat16, torch.float16):
        images = pictures(4, dtype=dtype)
        exact = make("fgsm", eps=0.1)(model, images.float(), LABELS)
        rounded = make("fgsm", eps=0.1)(model, images, LABELS)
        between = (rounded.float() - images.float()) * (exact - rounded.float())
        assert (between >= 0).all()
        step = torch.finfo(dtype).eps
        assert (exact - rounded.float()).abs().max() <= step


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_half_precision_does_not_undo_the_nearest_success(dtype, net, pictures):
    """What has just crossed a boundary must not come back over it by rounding."""
    model, images = net(dtype=torch.float32), pictures(4).clamp(0.1, 0.9)
    for name in ("deepfool", "deepfool-linf", "cw-l2", "cw-linf", "fmn-l2", "fmn-linf", "ddn"):
        attack = attacks.create(name)
        assert not attack.has_eps
        exact = attack.run(model, images, LABELS).success
        assert attack.run(model, images.to(dtype), LABELS).success.sum() >= exact.sum(), name


def test_eps_zero_is_the_identity(case, make, net, pictures):
    if "eps" not in asdict(make(case)):
        pytest.skip("has no eps")
    images = saturated(pictures(4))
    assert make(case, eps=0)(net(), images, LABELS).equal(images)
    half = images.bfloat16()
    assert make(case, eps=0)(net(dtype=torch.float32), half, LABELS).equal(half)


def test_a_picture_alone_gets_what_it_gets_in_a_batch(case, make, net, pictures):
    if make(case).joint:
        pytest.skip("learns from all pictures of a batch, and says so")
    model, images, labels = net(), saturated(pictures(6)), torch.arange(6) % 5
    attack = make(case, eps=0.1)
    together = attack(model, images, labels)
    alone = torch.cat([attack(model, images[i : i + 1], labels[i : i + 1]) for i in range(6)])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-12)
    order = torch.tensor([4, 2, 0, 5, 1, 3])
    shuffled = attack(model, images[order], labels[order])
    torch.testing.assert_close(shuffled, together[order], rtol=0, atol=1e-12)


def test_a_digit_alone_gets_what_it_gets_in_a_batch(case, make, digits_model, digits_test):
    if make(case).joint:
        pytest.skip("learns from all pictures of a batch, and says so")
    images, labels = (x[:8] for x in digits_test)
    model, images = digits_model.network, images.double()
    model = type(digits_model)(
        _double(model),
        name="digits",
        class_names=digits_model.class_names,
        input_size=(8, 8),
        mean=(0.3,),
        std=(0.4,),
    ).double()
    attack = make(case, eps=0.1)
    together = attack(model, images, labels)
    alone = torch.cat([attack(model, images[i : i + 1], labels[i : i + 1]) for i in range(8)])
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-9)


def _double(network: nn.Module) -> nn.Module:
    copy = type(network)()
    copy.load_state_dict(network.state_dict())
    return copy.double().eval()


def test_same_seed_same_result_and_the_global_generator_is_left_alone(case, make, net, pictures):
    model, images = net(), pictures(4)
    torch.manual_seed(5)
    before = torch.get_rng_state()
    first = make(case, eps=0.1)(model, images, LABELS)
    assert torch.get_rng_state().equal(before)
    torch.manual_seed(6)
    assert make(case, eps=0.1)(model, images, LABELS).equal(first)


def test_another_seed_goes_another_way(case, make, net, pictures):
    attack = make(case, eps=0.1)
    if "seed" not in asdict(attack):
        assert attack.name.split("-")[0] in SEEDLESS
        return
    model, images = net(), pictures(4)
    labels, ways = model(images).argmax(1), []
    for tried in (attack, replace(attack, seed=1)):
        seen = []
        tried(model, images, labels, observer=lambda x, loss, seen=seen: seen.append(x.flatten()))
        ways.append(torch.cat(seen))
    assert not ways[0].equal(ways[1])  # which may well end at the same corner of the cube


def test_pictures_labels_and_model_are_left_as_they_were(case, make, net, pictures):
    model, images, labels = net(), pictures(4), LABELS.clone()
    model.train()
    clean, state = images.clone(), {k: v.clone() for k, v in model.state_dict().items()}
    result = make(case, eps=0.1).run(model, images, labels)
    assert images.equal(clean)
    assert labels.equal(LABELS)
    assert result.x_adv.data_ptr() != images.data_ptr()
    assert all(model.state_dict()[k].equal(v) for k, v in state.items())  # statistics included
    for parameter in model.parameters():
        assert parameter.grad is None
        assert parameter.requires_grad


def test_the_model_is_attacked_in_eval_mode_and_each_module_keeps_its_own(
    case, make, net, pictures
):
    model = net()
    modes = {"conv": True, "norm": False, "drop": True, "dense": False}
    model.training = True
    for name, mode in modes.items():
        getattr(model, name).training = mode
    images = pictures(4)
    mixed = make(case, eps=0.1)(model, images, LABELS)
    assert model.training
    assert {name: getattr(model, name).training for name in modes} == modes
    assert mixed.equal(make(case, eps=0.1)(model.eval(), images, LABELS))


def test_modes_are_restored_after_an_exception(case, make, net, pictures):
    class Broken(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = net()

        def forward(self, x):
            assert not self.inner.drop.training
            raise KeyError("broken")

    model = Broken().train()
    model.inner.norm.eval()
    with pytest.raises(KeyError):
        make(case, eps=0.1)(model, pictures(4), LABELS)
    assert model.training
    assert model.inner.drop.training
    assert not model.inner.norm.training


def test_layout_and_autograd_state_of_the_pictures_do_not_matter(case, make, net, pictures):
    model, images = net(), pictures(4)
    attack = make(case, eps=0.1)
    expected = attack(model, images, LABELS)
    wide = pictures(4, (3, 5, 14))
    wide[..., ::2] = images
    variants = {
        "not contiguous": wide[..., ::2],
        "channels last": images.to(memory_format=torch.channels_last),
        "expanded storage": images.transpose(2, 3).contiguous().transpose(2, 3),
        "requires grad": images.clone().requires_grad_(),
        "part of a graph": images.clone().requires_grad_() * 1,
    }
    with torch.inference_mode():
        variants["inference tensor"] = images.clone()
    for name, variant in variants.items():
        adversarial = attack(model, variant, LABELS)
        torch.testing.assert_close(adversarial, expected, rtol=0, atol=1e-12, msg=name)
        assert not adversarial.requires_grad
        assert variant.grad is None if variant.is_leaf else True


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_autograd_may_be_switched_off_outside(case, make, net, pictures, context):
    model, images = net(), pictures(4)
    attack = make(case, eps=0.1)
    expected = attack.run(model, images, LABELS)
    with context():
        inside = attack.run(model, images.clone(), LABELS.clone())
        again = attack(model, images, LABELS)
    assert inside.x_adv.equal(expected.x_adv)
    assert again.equal(expected.x_adv)
    assert inside.success.equal(expected.success)
    assert not inside.x_adv.is_inference()


def test_autocast_outside_still_gives_allowed_pictures(case, make, net, pictures):
    images = pictures(4, dtype=torch.float32)
    attack = make(case, eps=0.1)
    with torch.autocast("cpu", torch.bfloat16):
        adversarial = attack(net(dtype=torch.float32), images, LABELS)
    assert adversarial.dtype == torch.float32
    assert_allowed(attack, adversarial, images)


def test_a_plain_function_is_a_model_too(case, make, net, pictures):
    model, images = net(), pictures(4)
    attack = make(case, eps=0.1)
    assert attack(model.forward, images, LABELS).equal(attack(model, images, LABELS))


@pytest.mark.parametrize("broken", [torch.nan, torch.inf])
def test_logits_that_are_not_numbers_are_no_success(case, make, net, pictures, broken):
    model, images = net(), pictures(4)
    if broken == torch.inf:  # all infinite: the gradient is not a number

        def bad(x):
            return model(x) * torch.inf
    else:

        def bad(x):
            return model(x) * torch.nan

    attack = make(case, eps=0.1)
    result = attack.run(bad, images, LABELS)
    assert_allowed(attack, result.x_adv, images)
    if broken is torch.nan:
        assert not result.success.any()


def test_one_broken_picture_does_not_disturb_the_others(case, make, net, pictures):
    if make(case).joint:
        pytest.skip("learns from all pictures of a batch, and says so")
    model, images = net(), pictures(4)
    mark = images[1, 0, 0, 0].item()
    box = 0.1 + 1e-9

    def bad(x):  # no logits for pictures near the second
        near = (x - images[1]).abs().flatten(1).amax(1) <= box
        return model(x).masked_fill(near[:, None], torch.nan)

    attack = make(case, eps=0.1)
    result, expected = attack.run(bad, images, LABELS), attack.run(model, images, LABELS)
    others = [0, 2, 3]
    torch.testing.assert_close(result.x_adv[others], expected.x_adv[others], rtol=0, atol=1e-12)
    assert result.success[others].equal(expected.success[others])
    # Only who comes from afar, by labels, finds what has logits and is wrong.
    far = (result.x_adv[1] - images[1]).abs().max() > box
    assert not result.success[1] or (attack.knowledge == "labels" and far)
    assert images[1, 0, 0, 0] == mark


def test_success_is_that_of_a_fresh_pass_on_the_result(case, make, digits_model, digits_test):
    images, labels = (x[:64] for x in digits_test)
    for dtype in (torch.float32, torch.bfloat16):
        result = make(case, eps=0.15).run(digits_model, images.to(dtype), labels)
        with torch.no_grad():
            predicted = digits_model(result.x_adv.float()).argmax(1)
        assert result.success.equal(predicted != labels)


def test_run_and_call_agree(case, make, net, pictures):
    model, images, attack = net(), pictures(4), make(case, eps=0.1)
    assert attack(model, images, LABELS).equal(attack.run(model, images, LABELS).x_adv)
    targeted = attack(model, images, LABELS, targeted=True)
    assert targeted.equal(attack.run(model, images, LABELS, goals.Targeted()).x_adv)
    assert attack(model, images, LABELS, True).equal(targeted)


def test_the_record_has_one_entry_per_picture(case, make, net, pictures):
    images, attack = pictures(4), make(case, eps=0.1)
    result = attack.run(net(), images, LABELS)
    counts = ("iterations", "queries_forward", "queries_backward", "zero_gradients")
    for name in counts:
        values = getattr(result, name)
        assert (values.shape, values.dtype) == ((4,), torch.int64)
        assert (values >= 0).all()
    for name in ("l0", "l1", "l2", "linf", "tv"):
        values = getattr(result, name)
        assert (values.shape, values.dtype) == ((4,), torch.float64)
    assert (result.success.shape, result.success.dtype) == ((4,), torch.bool)
    assert result.trace.dtype == images.dtype
    assert result.trace.shape[0] == 4
    torch.testing.assert_close(result.linf, linf(result.x_adv, images), rtol=0, atol=0)
    torch.testing.assert_close(result.l2, l2(result.x_adv, images))
    values = {f.name: getattr(result, f.name) for f in fields(result)}
    tensors = [value for value in values.values() if isinstance(value, torch.Tensor)]
    others = {name for name, value in values.items() if not isinstance(value, torch.Tensor)}
    told = {"notices", "answers"}
    assert (
        others == told | {"curve"}
        if attack.knowledge in BY_QUERIES
        else told | {"curve", "queries_to_success"}
    )
    assert not any(t.requires_grad for t in tensors)


def test_an_observer_sees_copies_and_changes_nothing(case, make, net, pictures):
    model, images = net(), pictures(4)
    attack = make(case, eps=0.1)
    alone = attack.run(model, images, torch.zeros(4, dtype=torch.long), goals.Targeted())
    seen = []

    def observer(pictures, loss):
        assert pictures.shape[1:] == images.shape[1:]
        assert loss.shape == pictures.shape[:1]
        assert not pictures.requires_grad
        seen.append(pictures.clone())
        pictures.fill_(0.5)
        loss.fill_(torch.nan)

    watched = attack.run(
        model, images, torch.zeros(4, dtype=torch.long), goals.Targeted(), observer=observer
    )
    for field in fields(alone):
        a, b = getattr(alone, field.name), getattr(watched, field.name)
        if not isinstance(a, torch.Tensor):  # what is said; what only attacks by queries have
            assert a == b
            continue
        torch.testing.assert_close(a, b, rtol=0, atol=0, equal_nan=True, msg=field.name)
    assert 0 < len(seen) <= attack.observations


def test_an_observer_is_called_as_often_as_announced(case, make, net, pictures):
    attack = make(case, eps=1e-4)  # too small to succeed: no restart is left out
    images, model = pictures(1), net()
    label = model(images).argmax(1)
    seen = []
    result = attack.run(model, images, label, observer=lambda x, loss: seen.append(x))
    assert 0 < len(seen) <= attack.observations
    if "eps" in asdict(attack):
        assert not result.success.any()
        # DeepFool, which is part of the ensemble, comes to an end by itself.
        assert len(seen) == attack.observations or attack.name == "auto"


def test_an_observer_can_abandon_the_attack(case, make, net, pictures):
    class Stop(Exception):
        pass

    def stop(pictures, loss):
        calls.append(len(pictures))
        raise Stop

    model, calls = net().train(), []
    with pytest.raises(Stop):
        make(case, eps=0.1)(model, pictures(4), LABELS, observer=stop)
    assert calls == [4]
    assert all(module.training for module in model.modules())


def test_attacks_are_values(case, make):
    attack = make(case, eps=0.1)
    field = next(name for name in ("eps", "steps", "max_queries") if name in asdict(attack))
    assert attack == make(case, eps=0.1) != replace(attack, **{field: 2})
    assert hash(attack) == hash(make(case, eps=0.1))
    assert type(attack)(**asdict(attack)) == attack
    with pytest.raises(FrozenInstanceError):
        setattr(attack, field, 2)
    with pytest.raises(ValueError, match=f"^{field} "):
        replace(attack, **{field: -1})


@pytest.mark.parametrize("name", ["fgsm", "bim", "bim-l2", "pgd", "pgd-l2"])
def test_a_step_towards_a_class_goes_down_its_loss(name):
    away, towards = (attacks.get(name)().formula(t) for t in (False, True))
    assert r"+ \alpha" in away or r"+ \varepsilon" in away
    assert r"- \alpha" in towards or r"- \varepsilon" in towards
    assert "y" not in towards.replace(r"\infty", "").split("nabla")[1]


@pytest.mark.parametrize("name", attacks.names() + attacks.names(pair=True))
def test_the_equation_follows_the_goal(name):
    """Random noise has no goal, and the ensemble's parts have theirs."""
    attack = attacks.get(name)
    if name not in ("noise", "auto"):
        assert attack.equation_towards != attack.equation
        assert re.search(r"(?<![A-Za-z\\])t(?![A-Za-z+])", attack.equation_towards)


@pytest.mark.parametrize("name", attacks.names(pair=True))
def test_an_attack_on_a_pair_has_the_detector_in_its_equation_with_and_without_a_target(name):
    for equation in (attacks.get(name).equation, attacks.get(name).equation_towards):
        assert not equation or any(d in equation for d in ("J_{det}", "G_{K+1} = d", "(d, 0)"))


def test_every_field_tells_what_a_control_needs(case, make):
    attack = make(case)
    assert attack.title
    assert attack.summary.endswith(".")
    assert attack.equation == attack.formula(towards=False)
    assert attack.norm in ("linf", "l2", "l1", "l0")
    for spec in fields(attack):
        assert spec.kw_only
        assert spec.metadata["help"].endswith((".", "eps."))
        assert {"low", "high", "choices", "unit"} <= set(spec.metadata)
        if spec.type is str:
            assert spec.default in spec.metadata["choices"]


def test_lengths_are_in_pixel_units_and_the_default_attack_is_allowed(case, make, net, pictures):
    attack = make(case)
    images = pictures(4)
    assert_allowed(attack, attack(net(), images, LABELS), images)
    specs = {spec.name: spec for spec in fields(attack)}
    assert "eps" not in specs or specs["eps"].metadata["unit"] == "[0, 1]"
    assert attacks.get(attack.name) is type(attack)


@pytest.mark.parametrize("goal", ["least-likely", goals.Untargeted])
def test_a_goal_is_an_object_of_its_own(make, net, pictures, goal):
    with pytest.raises(ValueError, match="goal must be one of"):
        make("fgsm").run(net(), pictures(4), LABELS, goal)


def test_a_target_that_the_model_lacks_is_named(make, net, pictures):
    with pytest.raises(ValueError, match=r"targets must be class indices from 0 to 4.*got 30"):
        make("fgsm").run(net(), pictures(4), LABELS, goals.Towards(30))


def test_a_target_that_is_said_already_is_noted_and_nothing_is_raised(net, pictures):
    model, images = net(), pictures(4)
    answers = model(images).argmax(1)
    attack = attacks.create("pgd", eps=0.01, steps=2)
    plain = attack.run(model, images, (answers + 1) % 4, goals.Targeted())
    assert not any("already" in told for told in plain.notices)
    mixed = answers.clone()
    mixed[0] = (mixed[0] + 1) % 4
    record = attack.run(model, images, mixed, goals.Targeted())
    assert "The model already answers with the target for 3 of 4 pictures." in record.notices
    alone = attack.run(model, images[:1], (answers[:1] + 1) % 4, goals.Towards(int(answers[0])))
    assert alone.notices == ("The model already answers with the target for the picture.",)
    assert torch.equal(
        alone.queries_forward, attack.run(model, images[:1], answers[:1]).queries_forward
    )


def test_a_least_likely_class_that_is_the_true_one_is_noted(net, pictures):
    model, images = net(), pictures(4)
    least = model(images).argmin(1)
    record = attacks.create("fgsm", eps=0.1).run(model, images, least, goals.LeastLikely())
    assert "The target is the true class of 4 of 4 pictures." in record.notices


@pytest.mark.parametrize(
    ("name", "eps", "said"),
    [
        ("fgsm", 8, "8 is beyond the whole range, as pixels are in [0, 1]; did you mean 8/255?"),
        ("pgd", 0.5, None),
        ("pgd", 1, None),
        ("pgd-l2", 8, None),
    ],
)
def test_an_eps_of_255ths_is_asked_about_in_the_record(net, pictures, name, eps, said):
    record = attacks.create(name, eps=eps).run(net(), pictures(2), LABELS[:2])
    assert record.notices == (() if said is None else (said,))
