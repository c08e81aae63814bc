"""The iterates that the scrubber shows: which are kept, and what the model says of them."""

import itertools

import numpy as np
import pytest
import torch
from torch import nn

from robust_core import attacks
from robust_core.classifier import Classifier, as_classifier
from robust_core.data import digits
from robust_core.data.fitting import to_pixels
from robust_core.engine import nbytes
from robust_core.experiment.frames import MAX_FRAMES, logits_of
from robust_core.experiment.perform import perform


def test_frames_run_from_the_start_to_the_result(digits_model, digit):
    pixels, label = digit
    outcome = perform(digits_model, pixels, attacks.BIM(eps=0.3, steps=6), label=label)
    assert [frame.step for frame in outcome.frames] == list(range(7))
    assert torch.equal(outcome.frames[0].pixels, outcome.pixels()[0])
    assert torch.equal(outcome.frames[-1].pixels, outcome.pixels()[1])
    assert outcome.frames[-1].loss >= outcome.frames[0].loss
    last = outcome.frames[-1].confidences[label]
    assert last == pytest.approx(outcome.confidence_after[label], abs=1e-6)


def test_frames_say_what_the_model_says_and_how_far_they_are(digits_model, digit):
    pixels, label = digit
    frames = perform(digits_model, pixels, attacks.BIM(eps=0.3, steps=6), label=label).frames
    for frame in frames:
        assert frame.answer.confidence >= max(frame.confidences.values()) - 1e-9
    assert frames[0].linf == frames[0].l2 == 0
    levels = [int(255 * min(0.125 * k, 0.3)) / 255 for k in range(7)]  # as shown: whole levels
    assert [f.linf for f in frames] == pytest.approx(levels)


def test_long_attacks_keep_a_bounded_number_of_frames(digits_model, digit):
    outcome = perform(digits_model, digit[0], attacks.BIM(steps=500), label=digit[1])
    steps = [frame.step for frame in outcome.frames]
    assert len(steps) <= MAX_FRAMES + 1
    assert steps[0] == 0
    assert steps[-1] == 500
    assert steps == sorted(set(steps))
    assert len(steps) > MAX_FRAMES / 2
    gaps = {b - a for a, b in itertools.pairwise(steps[:-1])}
    assert len(gaps) == 1, "evenly spread"


def test_an_attack_that_ends_early_keeps_what_it_did(digits_model, digit):
    """PGD with restarts announces ten times what it needs; all of its own steps are kept."""
    attack = attacks.PGD(eps=0.5, steps=20, restarts=10)
    outcome = perform(digits_model, digit[0], attack, label=digit[1])
    assert [frame.step for frame in outcome.frames] == list(range(21))


def test_the_last_frame_is_the_result_when_restarts_end_early(digits_model, digit):
    for steps in (7, 33):
        attack = attacks.PGD(eps=0.5, steps=steps, restarts=10)
        outcome = perform(digits_model, digit[0], attack, label=digit[1])
        assert outcome.success
        assert outcome.queries < 10 * steps
        assert outcome.frames[-1].pixels.equal(outcome.pixels()[1])
        assert len(outcome.frames) <= MAX_FRAMES + 1


@pytest.mark.parametrize(
    "attack",
    [
        attacks.PGD(eps=0.05, steps=4, restarts=4),
        attacks.PGD(eps=0.05, steps=4, restarts=3, loss="dlr", seed=5),
        attacks.Noise(eps=0.1, draws=9),
        attacks.DeepFool(),
    ],
)
def test_the_last_frame_is_the_returned_picture_whichever_iterate_it_is(digits_model, attack):
    images, _ = digits.load("test")
    extra = 0
    for i in range(4):
        outcome = perform(digits_model, to_pixels(images[i : i + 1])[0], attack)
        last = outcome.frames[-1]
        assert torch.equal(last.pixels, outcome.pixels()[1])
        expected = {c: outcome.confidence_after[c] for c in last.confidences}
        assert last.confidences == pytest.approx(expected, abs=1e-5)
        assert all(frame.loss is not None for frame in outcome.frames[:-1])
        steps = [frame.step for frame in outcome.frames]
        assert steps == sorted(set(steps))
        extra += last.loss is None
    if attack.name in ("pgd", "noise"):
        assert extra, "no case in which the best is not the last"


def test_frames_change_nothing(digits_model, digit):
    attack = attacks.PGD(eps=0.2, restarts=2)
    with_frames, without = (
        perform(digits_model, digit[0], attack, label=digit[1], frames=f) for f in (True, False)
    )
    assert torch.equal(with_frames.adversarial, without.adversarial)
    assert with_frames.queries == without.queries
    assert without.frames == ()


@pytest.mark.parametrize(("side", "most"), [(8, 1000), (224, 6)])
def test_large_pictures_are_asked_about_a_few_at_a_time(side, most):
    asked = []

    def model(images):
        asked.append(len(images))
        return images.mean((2, 3)).cumsum(1)

    images = torch.rand(13, 3, side, side)
    logits = logits_of(as_classifier(model), images)
    assert max(asked) <= most
    assert sum(asked) == 13
    assert logits.allclose(model(images).double())


@pytest.mark.parametrize("side", [128, 224])
def test_frames_of_large_pictures_take_a_byte_a_value(side):
    """However many steps: 6.3 MB at 224 x 224, and the pictures that they share with nothing else."""
    network = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    size = {"input_size": (side, side), "mean": (0.5,) * 3, "std": (0.5,) * 3}
    model = Classifier(network, name="toy", class_names=("r", "g", "b"), **size)
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    frames = perform(model.eval(), pixels, attacks.BIM(eps=0.1, steps=100)).frames
    assert MAX_FRAMES / 2 < len(frames) <= MAX_FRAMES + 1
    assert frames[0].pixels.shape == (side, side, 3)
    assert nbytes(frames) < len(frames) * (3 * side**2 + 2000)
