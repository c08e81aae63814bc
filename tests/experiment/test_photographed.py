"""Prints and photographs of one picture: the same camera for all, and the rate of the measured tables."""

import pytest
import torch

from robust_core.attacks.physical.photo import destructions
from robust_core.attacks.physical.transformation import IDENTITY, PHOTO
from robust_core.data.fitting import as_saved, to_pixels, to_tensor
from robust_core.experiment.photographed import CLEAN, FAST, PRINT, develop, photograph

NAMES = [CLEAN, "fgsm", "bim", "least-likely"]


@pytest.fixture(scope="module")
def batch(digit):
    """A test digit ``[1, 1, 8, 8]`` of 8-bit values, and its label."""
    pixels, label = digit
    return to_tensor(pixels), label


@pytest.fixture(scope="module")
def found(digits_model, batch):
    """Attacks that succeed, and a camera that spoils some of them."""
    image, label = batch
    return photograph(digits_model, image, eps=0.4, label=label, camera=PHOTO.scaled(0.5))


def test_the_rate_is_that_of_the_tables(digits_model, batch, found):
    image, label = batch
    assert [p.attack for p in found.prints] == NAMES
    assert any(found.counts(p) for p in found.prints)
    assert not found.counts(found.prints[0])
    for each in found.prints[1:]:
        (wanted,) = destructions(
            digits_model,
            as_saved(image),
            each.picture,
            torch.tensor([label]),
            PHOTO.scaled(0.5),
            draws=30,
            tops=(1,),
        )
        assert found.rate(each) == wanted.rate
        assert found.counts(each) == wanted.counted
        assert found.prints[0].right == round(30 * wanted.clean)


def test_all_are_prints_within_eps(batch, found):
    image, _ = batch
    assert found.prints[0].picture.equal(image)
    for each in found.prints:
        assert (each.picture - image).abs().max() <= 0.4 + 1e-6
        assert as_saved(each.picture).equal(each.picture)


def test_the_stages_lead_from_the_print_to_the_photograph(digits_model, found):
    for number in (0, 7):
        photo = found.draw[number : number + 1]
        for each, stages in zip(found.prints, develop(digits_model, found, number), strict=True):
            assert [s.name for s in stages] == [PRINT, "geometry", "blur", "light", "noise", "jpeg"]
            assert (stages[0].pixels.numpy() == to_pixels(each.picture)[0]).all()
            assert (stages[-1].pixels.numpy() == to_pixels(photo(each.picture))[0]).all()
            assert stages[0].answer == each.answer
    right = [0] * len(found.prints)
    for number in range(found.photographs):
        for i, stages in enumerate(develop(digits_model, found, number)):
            right[i] += stages[-1].answer.index == found.label
    assert right == [each.right for each in found.prints]


def test_without_a_camera_nothing_is_destroyed(digits_model, batch):
    image, label = batch
    found = photograph(digits_model, image, eps=0.4, label=label, camera=IDENTITY, photographs=3)
    rates = [found.rate(each) for each in found.prints[1:]]
    assert 0.0 in rates
    assert set(rates) <= {0.0, None}
    assert [[s.name for s in stages] for stages in develop(digits_model, found, 2)] == [[PRINT]] * 4


@pytest.mark.parametrize("eps", [0.0, 1e-4])
def test_what_does_not_fool_does_not_count(digits_model, batch, eps):
    image, label = batch
    found = photograph(digits_model, image, eps=eps, label=label, photographs=2)
    assert [found.rate(each) for each in found.prints] == [None] * 4


def test_a_picture_that_is_wrong_when_clean_does_not_count(digits_model, batch):
    image, label = batch
    found = photograph(digits_model, image, eps=0.4, label=(label + 1) % 10, photographs=2)
    assert [found.rate(each) for each in found.prints] == [None] * 4


def test_progress_and_bad_requests(digits_model, batch):
    image, _ = batch
    seen = []
    found = photograph(
        digits_model, image, eps=0.1, photographs=2, progress=lambda k, n: seen.append((k, n))
    )
    assert seen == [(0, 4), (1, 4), (2, 4), (3, 4)]
    assert found.prints[1].attack == FAST
    assert [each.steps for each in found.prints] == [0, 1, 30, 30]
    with pytest.raises(ValueError, match="number must be from 0 to 1; got 2"):
        develop(digits_model, found, 2)
    with pytest.raises(ValueError, match="images must hold one picture; got 2"):
        photograph(digits_model, image.repeat(2, 1, 1, 1), eps=0.1)
