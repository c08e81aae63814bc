"""A picture in a style: the record is that of the attack, asked about the picture as it is saved."""

import pytest
import torch

from robust_core.attacks.physical.camouflage import TERMS, Camouflage
from robust_core.data.fitting import as_saved, to_pixels, to_tensor
from robust_core.experiment.camouflaged import EVERY, camouflage

STRIPES = (torch.arange(8) % 2).float().expand(1, 1, 8, 8) * 0.6
SETTINGS = Camouflage(attack=5.0, steps=25, learning_rate=0.1)


@pytest.fixture(scope="module")
def batch(digit):
    """A test digit ``[1, 1, 8, 8]`` of 8-bit values, and its label."""
    pixels, label = digit
    return to_tensor(pixels), label


def saved(model, images) -> tuple:
    shares = model(as_saved(images)).double().softmax(1)[0]
    return int(shares.argmax()), pytest.approx(shares.max().item(), abs=1e-6)


@pytest.mark.parametrize("target", [None, 3])
def test_the_saved_picture_is_judged(digits_model, batch, target):
    image, label = batch
    found = camouflage(digits_model, image, STRIPES, SETTINGS, label=label, target=target)
    given = {"targeted": target is not None}
    classes = torch.tensor([label if target is None else target])
    made = SETTINGS(digits_model, image, classes, STRIPES, **given)
    plain = SETTINGS.changed(attack=0.0)(digits_model, image, classes, STRIPES, **given)
    assert (found.after.index, found.after.confidence) == saved(digits_model, made.x_adv)
    assert (found.by_style.index, found.by_style.confidence) == saved(digits_model, plain.x_adv)
    assert (found.worn.numpy() == to_pixels(made.x_adv)[0]).all()
    assert (found.alone.numpy() == to_pixels(plain.x_adv)[0]).all()
    reached = found.after.index != label if target is None else found.after.index == target
    assert found.success == reached
    assert tuple(found.terms) == TERMS
    assert found.steps == SETTINGS.steps
    assert found.terms["style"] == tuple(made.terms["style"][0].tolist())


def test_without_an_attack_both_are_the_style_alone(digits_model, batch):
    found = camouflage(digits_model, batch[0], STRIPES, SETTINGS.changed(attack=0.0))
    assert found.worn.equal(found.alone)
    assert found.after == found.by_style
    assert not any(found.terms["attack"])


def test_off_the_mask_nothing_changes(digits_model, batch):
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 2:6, 2:6] = 1
    found = camouflage(digits_model, batch[0], STRIPES, SETTINGS, mask=mask)
    off = mask[0, 0] == 0
    for pixels in (found.worn, found.alone):
        assert pixels[off].equal(found.clean[off])
    assert not found.worn.equal(found.clean)
    assert found.linf > 0


def test_iterates_are_shown_on_the_way_and_it_can_be_left(digits_model, batch):
    seen, steps = [], []
    camouflage(
        digits_model,
        batch[0],
        STRIPES,
        SETTINGS,
        watch=seen.append,
        progress=lambda k, n: steps.append((k, n)),
    )
    assert [each.step for each in seen] == list(range(0, SETTINGS.steps + 1, EVERY))
    assert steps == [(k + 1, 52) for k in range(52)]

    def leave(k, n):
        raise RuntimeError("left")

    with pytest.raises(RuntimeError, match="left"):
        camouflage(digits_model, batch[0], STRIPES, SETTINGS, progress=leave)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"target": 3, "label": 3}, "target must be another class than the picture's own, 3"),
        ({"images": torch.zeros(2, 1, 8, 8)}, "images must hold one picture; got 2"),
        ({"style": torch.zeros(1, 3, 8, 8)}, "style must be of shape"),
    ],
)
def test_what_cannot_be_meant_is_refused(digits_model, batch, changes, said):
    given = {"images": batch[0], "style": STRIPES, "settings": SETTINGS} | changes
    with pytest.raises(ValueError, match=said):
        camouflage(digits_model, **given)
