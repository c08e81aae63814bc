"""Filters: what they do to a picture, and that BPDA goes straight through them."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from robust_core import attacks, defenses
from robust_core.data.fitting import to_pixels
from robust_core.evaluation.defense_table import results

FILTERS = ("jpeg", "bit-depth", "median", "tv")


def lattice(images):
    """Whether all values are whole 255ths."""
    return torch.equal((images * 255).round() / 255, images)


def filtered(name, images, **values):
    return defenses.create(name, **values).seen(images)


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 8, 8), (3, 17, 24)])
def test_shape_range_and_each_picture_by_itself(name, shape, pictures):
    images = pictures(4, shape, torch.float32, low=0.0, high=1.0)
    before = images.clone()
    out = filtered(name, images)
    assert out.shape == images.shape
    assert out.dtype == images.dtype
    assert out.min() >= 0
    assert out.max() <= 1
    assert torch.equal(images, before)
    for i in range(4):
        assert torch.equal(filtered(name, images[i : i + 1])[0], out[i])


@pytest.mark.parametrize("name", FILTERS)
def test_double_precision_stays(name, pictures):
    assert filtered(name, pictures(2, (3, 8, 8), torch.float64)).dtype == torch.float64


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:2:2", "4:4:4"])
def test_jpeg_is_pillows(subsampling, cat):
    """Rounded to 8 bits, written, read: nothing else."""
    file = io.BytesIO()
    Image.fromarray(to_pixels(cat)[0]).save(file, "JPEG", quality=60, subsampling=subsampling)
    expected = np.array(Image.open(file))
    ours = filtered("jpeg", cat, quality=60, subsampling=subsampling)
    assert lattice(ours)
    assert np.array_equal(to_pixels(ours)[0], expected)


def test_jpeg_changes_more_at_lower_quality(cat):
    changes = [(filtered("jpeg", cat, quality=q) - cat).abs().mean() for q in (95, 75, 50, 25)]
    assert changes == sorted(changes)
    assert changes[0] < changes[-1]


def test_jpeg_twice_is_nearly_jpeg_once(cat):
    for quality in (95, 75, 50, 25):
        once = filtered("jpeg", cat, quality=quality, subsampling="4:4:4")
        twice = filtered("jpeg", once, quality=quality, subsampling="4:4:4")
        assert (twice - once).abs().mean() < 0.2 * (once - cat).abs().mean()


def test_jpeg_removes_part_of_sign_noise(cat):
    """Of 8 grey levels less than 8 are left, on a picture that fits: one that was compressed before."""
    flat = filtered("jpeg", cat, quality=75)
    noise = torch.randn(cat.shape, generator=torch.Generator().manual_seed(0)).sign() * 8 / 255
    noisy = (flat + noise).clamp(0, 1)
    assert (filtered("jpeg", noisy) - flat).abs().mean() < 0.8 * (noisy - flat).abs().mean()


def test_jpeg_refuses_what_no_jpeg_file_holds(pictures):
    with pytest.raises(ValueError, match="1 or 3 channels to become a JPEG file; got 2"):
        filtered("jpeg", pictures(1, (2, 8, 8)))


@pytest.mark.parametrize("bits", [1, 3, 8])
def test_bit_depth_leaves_that_many_levels(bits, cat):
    out = filtered("bit-depth", cat, bits=bits)
    assert len(out.unique()) <= 2**bits
    assert torch.equal(filtered("bit-depth", out, bits=bits), out)
    assert (out - cat).abs().max() <= 0.5 / (2**bits - 1) + 1e-6


def test_median_takes_away_a_lone_pixel():
    images = torch.full((1, 3, 9, 9), 0.5)
    images[0, :, 4, 4] = 1.0
    assert torch.equal(filtered("median", images, width=3), torch.full_like(images, 0.5))


def test_total_variation_falls_with_the_weight(cat):
    def variation(x):
        return (x.diff(dim=2).abs().sum() + x.diff(dim=3).abs().sum()).item()

    sizes = [variation(filtered("tv", cat, weight=w)) for w in (0.01, 0.03, 0.1, 0.3)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] < variation(cat)


@pytest.mark.parametrize("name", FILTERS)
def test_bpda_says_what_the_defence_says_to_the_last_bit(name, resnet, pictures):
    defended = defenses.create(name)(resnet)
    images = pictures(3, (3, 32, 32), torch.float32, low=0.0, high=1.0)
    with torch.no_grad():
        deployed = defended(images)
    attacked = defended.adaptive(images.clone().requires_grad_())
    assert torch.equal(attacked.detach(), deployed)


@pytest.mark.parametrize("name", ["jpeg", "bit-depth", "tv"])
def test_bpda_has_the_gradient_at_the_filtered_picture(name, resnet, pictures):
    defended = defenses.create(name)(resnet)
    images = pictures(2, (3, 32, 32), torch.float32).requires_grad_()
    (ours,) = torch.autograd.grad(defended.adaptive(images)[:, 3].sum(), images)
    seen = defended.seen(images).requires_grad_()
    (expected,) = torch.autograd.grad(resnet(seen)[:, 3].sum(), seen)
    assert torch.equal(ours, expected)
    assert ours.abs().max() > 0


@pytest.mark.parametrize("name", FILTERS)
def test_a_naive_attack_gets_no_gradient(name, digits_model, digit_pictures):
    defended = defenses.create(name)(digits_model)
    images, labels = (x[:10] for x in digit_pictures)
    record = attacks.create("fgsm", eps=0.1).run(defended, images, labels)
    assert (record.zero_gradients == 1).all()
    assert torch.equal(record.x_adv, images)
    record = attacks.create("fgsm", eps=0.1).run(defended, images, labels, adaptive=True)
    assert (record.zero_gradients == 0).all()


@pytest.mark.parametrize("name", FILTERS)
def test_masking_and_its_end(name, digits_model, digits_test):
    """acc(naive PGD) >> acc(adaptive PGD), which is near that of the undefended network."""
    images, labels = (x[:150] for x in digits_test)
    defended = defenses.create(name)(digits_model)
    attack = attacks.create("pgd", eps=0.2, steps=10)

    def right(model, adversarial):
        with torch.no_grad():
            return (model(adversarial).argmax(1) == labels).float().mean().item()

    naive = right(defended, attack(defended, images, labels))
    adaptive = right(defended, attack(defended, images, labels, adaptive=True))
    undefended = right(digits_model, attack(digits_model, images, labels))
    assert naive > adaptive + 0.3
    assert adaptive <= undefended + 0.15


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        ("jpeg", {"quality": 0}, "quality must be a whole number from 1 to 95; got 0"),
        ("jpeg", {"subsampling": "4:1:1"}, "subsampling must be one of 4:2:0, 4:2:2, 4:4:4"),
        ("bit-depth", {"bits": 9}, "bits must be a whole number from 1 to 8"),
        ("median", {"width": 4}, "width must be one of 2, 3; got 4"),
        ("median", {"width": True}, "width must be one of 2, 3; got True"),
        ("tv", {"weight": 0}, "weight must be a number above 0, at most 1; got 0"),
    ],
)
def test_wrong_values(name, values, sentence):
    with pytest.raises(ValueError, match=sentence):
        defenses.create(name, **values)


def test_what_is_said_of_jpeg_is_in_the_committed_table():
    rows = [
        row
        for row in results.report().rows("jpeg")
        if row.defense == "jpeg"
        and row.threat == "adaptive"
        and row.steps == 10
        and abs(row.eps - 8 / 255) < 1e-9
    ]
    left = {row.parameters["quality"]: row.correct / row.n for row in rows}
    assert left[75] < 0.01
    told = f"{left[50]:.0%} at 50 and {left[25]:.0%} at 25".replace("%", " %")
    assert told in defenses.get("jpeg").broken_by


def test_what_is_said_of_bit_depth_is_in_the_committed_table():
    row = results.report().accuracy("bit-depth", "adaptive", "pgd")
    assert (row.accuracy.value, row.steps, row.parameters) == (0, 20, {"bits": 4})
    assert "20 steps of PGD leave no picture right at 4 bits" in defenses.get("bit-depth").broken_by


def test_no_filter_is_said_to_fall_to_a_gradient_alone():
    for kind in map(defenses.get, defenses.names()):
        assert "is enough" not in kind.broken_by, kind.name
