"""Wrong arguments: a ValueError whose sentence names the argument."""

import re
from dataclasses import fields
from functools import partial

import numpy as np
import pytest
import torch

from robust_core import attacks
from robust_core.attacks.checks import round_towards
from tests.refusals import refused

IMAGES = torch.rand(3, 1, 4, 4, generator=torch.Generator().manual_seed(0))
LABELS = torch.tensor([0, 1, 2])


@pytest.fixture
def pictures(pictures):
    """Pictures that fill the box."""
    return partial(pictures, low=0.0, high=1.0)


@pytest.fixture
def model(linear):
    return linear(10, (1, 4, 4), torch.float32)


def fields_named(name: str) -> list[str]:
    return [n for n in attacks.names() if name in {f.name for f in fields(attacks.get(n))}]


NOT_LENGTHS = [-1e-9, -1, float("nan"), float("inf"), "0.1", "", None, True, [0.1], {}, 1j, 1e39]
NOT_COUNTS = [0, -3, 2.5, float("nan"), float("inf"), "3", None, False, [2], 10**400]


@pytest.mark.parametrize("name", fields_named("eps"))
def test_eps_must_be_a_length(name):
    for value in [*NOT_LENGTHS, torch.tensor([0.1, 0.2]), np.array([0.1, 0.2])]:
        with refused(value, r"^eps must be a number from 0 to 1000000; got "):
            attacks.create(name, eps=value)


@pytest.mark.parametrize("name", fields_named("step_size"))
def test_step_size_must_be_above_zero(name):
    for value in [v for v in NOT_LENGTHS if v is not None] + [0, 0.0]:
        with refused(value, r"^step_size must be a number above 0"):
            attacks.create(name, step_size=value)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        (n, f)
        for f in ("steps", "restarts", "draws", "targets", "max_queries")
        for n in fields_named(f)
    ],
)
def test_counts_must_be_whole_and_positive(name, field):
    # DeepFool within uap needs a second look to see that it arrived.
    low = 2 if (name, field) in (("uap", "steps"), ("uap-l2", "steps")) else 1
    said = rf"^{field} must be a whole number from {low} to \d+; got "
    for value in NOT_COUNTS:
        with refused(value, said):
            attacks.create(name, **{field: value})


@pytest.mark.parametrize("name", fields_named("seed"))
def test_seed_must_be_a_whole_number(name):
    for value in [-1, 2**31, 0.5, "1", None, True]:
        with refused(value, r"^seed must be a whole number from 0 to 2147483647; got"):
            attacks.create(name, seed=value)


@pytest.mark.parametrize("value", [0, -0.1, 1.01, float("nan"), "0.8", None, True])
def test_p_init_must_be_a_share(value):
    with pytest.raises(ValueError, match=r"^p_init must be a number above 0, at most 1; got "):
        attacks.Square(p_init=value)


@pytest.mark.parametrize("value", [1, 0, "yes", None])
def test_stop_at_success_must_be_true_or_false(value):
    with pytest.raises(ValueError, match=r"^stop_at_success must be True or False; got "):
        attacks.APGD(stop_at_success=value)


@pytest.mark.parametrize("value", [1, 0, "yes", None])
def test_random_start_must_be_true_or_false(value):
    with pytest.raises(ValueError, match=r"^random_start must be True or False; got "):
        attacks.PGD(random_start=value)


@pytest.mark.parametrize("value", ["CE", "", None, 3, ["ce"]])
def test_choices_are_listed(value):
    with pytest.raises(ValueError, match=r"^loss must be one of ce, margin, dlr, softmax-ce; got "):
        attacks.PGD(loss=value)


def test_restarts_without_random_start_would_all_be_the_same():
    with pytest.raises(ValueError, match=r"^restarts must be 1 without random_start"):
        attacks.PGD(restarts=2, random_start=False)


def test_numbers_of_other_libraries_are_numbers():
    attack = attacks.PGD(eps=np.float32(0.25), steps=np.int64(3), seed=torch.tensor(4))
    assert (attack.eps, attack.steps, attack.seed) == (0.25, 3, 4)
    assert [type(v) for v in (attack.eps, attack.steps, attack.seed)] == [float, int, int]
    assert attacks.PGD(eps=1, steps=3.0) == attacks.PGD(eps=1.0, steps=3)


BRIGHTEST = IMAGES.max() <= IMAGES
WRONG_IMAGES = {
    "0 to 255": (IMAGES * 255, r"\[0, 1\].*Divide 0-255 pixels by 255"),
    "normalised": (IMAGES * 2 - 1, r"\[0, 1\].*normalisation inside the model"),
    "just above": (IMAGES.clamp(0, 0.5) + 0.5 + 1e-6 + IMAGES, r"\[0, 1\]"),
    "not a number": (IMAGES.masked_fill(BRIGHTEST, torch.nan), "NaN"),
    "infinite": (IMAGES.masked_fill(BRIGHTEST, torch.inf), r"\[0, 1\]"),
    "whole numbers": ((IMAGES * 255).byte(), "floating-point"),
    "complex": (IMAGES.to(torch.complex64), "floating-point"),
    "numpy": (IMAGES.numpy(), "floating-point tensor.*ndarray"),
    "list": ([[0.5]], "floating-point tensor.*list"),
    "empty batch": (IMAGES[:0], "at least one"),
    "empty picture": (IMAGES[:, :, :0], "at least one"),
    "no batch": (IMAGES[0, 0, 0], "batch"),
}


@pytest.mark.parametrize("name", attacks.names())
def test_images_must_be_pictures(model, name):
    for wrong, (images, words) in WRONG_IMAGES.items():
        with refused(wrong, re.compile(f"^images must be .*{words}", re.DOTALL)):
            attacks.create(name)(model, images, LABELS)


WRONG_LABELS = {
    "float": (LABELS.float(), "whole class indices"),
    "bool": (LABELS > 0, "whole class indices.*bool"),
    "list": ([0, 1, 2], "tensor of whole class indices.*list"),
    "None": (None, "tensor"),
    "too few": (LABELS[:2], r"shape \[3\]; got shape \[2\]"),
    "one-hot": (torch.eye(3, 10).long(), r"shape \[3\]; got shape \[3, 10\]"),
    "scalar": (torch.tensor(1), r"shape \[3\]; got shape \[\]"),
    "negative": (LABELS - 1, "from 0 to 9.*got -1"),
    "too high": (LABELS + 8, "from 0 to 9.*got 10"),
}


@pytest.mark.parametrize("targeted", [False, True])
@pytest.mark.parametrize("name", attacks.names())
def test_labels_must_be_classes_of_the_model(model, name, targeted):
    for wrong, (labels, words) in WRONG_LABELS.items():
        with refused(wrong, f"^labels (and targets )?must be .*{words}"):
            attacks.create(name)(model, IMAGES, labels, targeted)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64])
def test_labels_of_any_whole_dtype_are_the_same(model, dtype):
    expected = attacks.FGSM()(model, IMAGES, LABELS)
    assert attacks.FGSM()(model, IMAGES, LABELS.to(dtype)).equal(expected)


N = r"(3|48)"
"""Pictures, or the 16 views of each that EOT shows the model."""
WRONG_MODELS = {
    "pictures": (lambda x: x, rf"logits \[{N}, K\]; it returned \[{N}, 1, 4, 4\]"),
    "one score": (lambda x: x.flatten(1).sum(1), rf"returned \[{N}\]"),
    "tuple": (lambda x: (x.flatten(1), x), "returned tuple"),
    "lost batch": (lambda x: x.flatten(1)[:1], r"returned \[1, 16\]"),
    "one class": (lambda x: x.flatten(1)[:, :1], "at least 2 classes"),
}


@pytest.mark.parametrize("name", attacks.names())
def test_a_model_must_return_logits(name):
    for wrong, (model, words) in WRONG_MODELS.items():
        with refused(wrong, f"^model must .*{words}"):
            attacks.create(name)(model, IMAGES, torch.zeros(3, dtype=torch.long))


@pytest.mark.parametrize("name", [n for n in fields_named("loss") if n != "apgd-t"])
def test_dlr_needs_three_classes_and_four_towards_a_target(linear, name):
    need = "towards a target needs at least 4" if name == "pgd-t" else "needs at least 3"
    with pytest.raises(ValueError, match=f"'dlr' {need} classes; the model has 2"):
        attacks.create(name, loss="dlr")(linear(2, (1, 4, 4), torch.float32), IMAGES, LABELS // 2)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_round_towards_never_moves_away_and_is_within_one_step(dtype, pictures):
    original = pictures(20, dtype=dtype)
    original[0] = 0
    original[1] = 1
    wanted = pictures(20, dtype=torch.float32, seed=1)
    wanted[2] = original[2].float()
    wanted[3], wanted[4] = 0, 1
    rounded = round_towards(wanted, original)
    assert rounded.dtype == dtype
    back, start = rounded.float(), original.float()
    assert ((back - start).abs() <= (wanted - start).abs()).all()
    assert ((back - wanted).abs() <= torch.finfo(dtype).eps).all()
    assert rounded[2].equal(original[2])
    exact = wanted.to(dtype).float()  # what can be represented stays as it is
    assert round_towards(exact, original).float().equal(exact)
