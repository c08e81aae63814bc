"""Views of one picture: the straight one is the picture, and only the attack tells the lines apart."""

from dataclasses import replace

import pytest
import torch

from robust_core import attacks
from robust_core.attacks.physical.transformation import IDENTITY
from robust_core.data.fitting import as_saved, to_pixels, to_tensor
from robust_core.experiment.turning import CLEAN, EOT, PGD, SWEEPS, lit, turn, zoomed

STRAIGHT = {"rotation": 0, "zoom": 1, "brightness": 0}


@pytest.fixture(scope="module")
def batch(digit):
    """A test digit ``[1, 1, 8, 8]`` of 8-bit values, and its label."""
    pixels, label = digit
    return to_tensor(pixels), label


def lines(found) -> dict:
    return {line.attack: line for line in found.lines}


@pytest.mark.parametrize("what", SWEEPS)
def test_the_straight_view_is_the_picture_itself(digits_model, batch, what):
    image, label = batch
    sweep = SWEEPS[what]
    straight = sweep.at.index(STRAIGHT[what])
    found = lines(turn(digits_model, image, sweep, eps=0.2, steps=3, draws=2, label=label))
    assert list(found) == [CLEAN, PGD, EOT]
    assert (found[CLEAN].pixels[straight].numpy() == to_pixels(image)[0]).all()
    for line in found.values():
        moved = to_tensor(line.pixels[straight].numpy()) - image
        assert moved.abs().max() <= 0.2 + 1e-6
        assert len(line.pixels) == len(line.label) == len(line.target) == len(sweep.at)
    assert sweep.at[0] < sweep.reach[0] < STRAIGHT[what] < sweep.reach[1] < sweep.at[-1]


def test_pgd_and_passes_are_those_of_the_attacks(digits_model, batch):
    image, label = batch
    sweep = SWEEPS["rotation"]
    found = turn(digits_model, image, sweep, eps=0.3, steps=5, draws=4, label=label)
    target = torch.tensor([found.target])
    alone = attacks.create("pgd", eps=0.3, steps=5)(digits_model, image, target, True)
    seen = as_saved(sweep.see(as_saved(alone, image), 20.0))
    pgd, eot = found.lines[1:]
    shares = digits_model(sweep.see(as_saved(alone, image), 20.0)).double().softmax(1)[0]
    at = sweep.at.index(20.0)
    assert (pgd.pixels[at].numpy() == to_pixels(seen)[0]).all()
    assert pgd.target[at] == pytest.approx(shares[found.target].item(), abs=1e-6)
    assert pgd.said[at] == shares.argmax()
    assert (pgd.gradients, eot.gradients) == (5, 20)


def test_with_nothing_to_change_all_are_seen_alike(digits_model, batch):
    """Also under the fresh views: they are drawn once for all three."""
    image, label = batch
    noisy = replace(SWEEPS["rotation"].views, noise_high=0.3, brightness=0.2)
    found = turn(
        digits_model, image, SWEEPS["rotation"], eps=0, steps=1, draws=2, label=label, views=noisy
    )
    clean, pgd, eot = found.lines
    for line in (pgd, eot):
        assert line.pixels.equal(clean.pixels)
        assert (line.label, line.target, line.fresh) == (clean.label, clean.target, clean.fresh)


def test_eot_over_nothing_is_pgd(digits_model, batch):
    image, label = batch
    found = lines(
        turn(digits_model, image, SWEEPS["zoom"], eps=0.3, steps=4, label=label, views=IDENTITY)
    )
    assert found[EOT].pixels.equal(found[PGD].pixels)
    assert found[EOT].gradients == found[PGD].gradients == 4


def test_eot_holds_from_more_sides_than_pgd(digits_model, digit_pictures):
    images = digit_pictures[0][:6]
    shares = torch.tensor(
        [
            [
                line.fresh
                for line in turn(digits_model, x, SWEEPS["rotation"], eps=0.2, draws=8).lines
            ]
            for x in as_saved(images).split(1)
        ]
    ).mean(0)
    assert shares[2] > shares[1] > shares[0]


def test_its_own_answer_and_the_likeliest_other_class_are_the_defaults(digits_model, batch):
    image, _ = batch
    first, second = digits_model(image)[0].topk(2).indices.tolist()
    seen = []
    found = turn(
        digits_model,
        image,
        SWEEPS["zoom"],
        eps=0.1,
        steps=2,
        draws=2,
        progress=lambda k, n: seen.append((k, n)),
    )
    assert (found.label, found.target) == (first, second)
    assert seen == [(k + 1, 6) for k in range(6)]


@pytest.mark.parametrize("shape", [(1, 3, 9, 7), (2, 1, 8, 8)])
def test_nothing_is_done_at_a_zoom_of_1_and_without_light(pictures, shape):
    images = pictures(shape[0], shape[1:])
    assert lit(images, 0.0).equal(images)
    torch.testing.assert_close(zoomed(images, 1.0), images)
    assert lit(images, 0.5).max() == 1
    flat = torch.full(shape, 0.3)
    torch.testing.assert_close(zoomed(flat, 2.0), flat)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"target": 3, "label": 3}, "target must be another class than the picture's own, 3"),
        ({"images": torch.zeros(2, 1, 8, 8)}, "images must hold one picture; got 2"),
        ({"draws": 0}, "draws must be"),
        ({"eps": -1.0}, "eps must be"),
    ],
)
def test_what_cannot_be_meant_is_refused(digits_model, batch, changes, said):
    given = {"images": batch[0], "eps": 0.1, "sweep": SWEEPS["zoom"]} | changes
    with pytest.raises(ValueError, match=said):
        turn(digits_model, **given)
