"""Deflected attacks: what is counted and shown is what the two networks say."""

from functools import partial

import pytest
import torch

from robust_core import zoo
from robust_core.data import digits
from robust_core.experiment import deflection
from robust_core.experiment.deflection import BOTH, MISSED, REJECTED, deflect

EPS = 0.5
NEAREST = partial(deflection.nearest_class, digits.RECORD)


@pytest.fixture(scope="module")
def detector():
    return zoo.load_detector("digits-cnn-reconstruction", "cpu")


@pytest.fixture(scope="module")
def data():
    return deflection.pictures_of(digits.RECORD, 60)


@pytest.fixture(scope="module")
def found(detector, data):
    patch = pytest.MonkeyPatch()
    patch.setattr(deflection, "RESTARTS", 1)
    try:
        return deflect(detector, *data, target=3, eps=EPS, resembles=NEAREST)
    finally:
        patch.undo()


def test_one_of_each_class_but_the_target_right_and_not_flagged(found, detector, data):
    assert found.labels == [0, 1, 2, 4, 5, 6, 7, 8, 9]
    assert torch.equal(detector.classifier(found.clean).argmax(1), torch.tensor(found.labels))
    assert not detector.flags(found.clean).any()
    for label, picture in zip(found.labels, found.clean, strict=True):
        rows = (data[0] == picture).flatten(1).all(1)
        assert data[1][rows].tolist() == [label]


def test_what_is_shown_is_what_both_networks_say(found, detector):
    x = found.adversarial
    assert (x - found.clean).abs().max() <= EPS + 1e-6
    assert x.min() >= 0
    assert x.max() <= 1
    said = detector.classifier(x).argmax(1)
    assert found.said == said.tolist()
    assert found.passes == (~detector.flags(x)).tolist()
    apart = (x - found.reconstructed).square().mean((1, 2, 3)).sqrt()
    torch.testing.assert_close(found.errors, apart)
    assert found.error_threshold == detector.error_threshold
    for outcome, own, passes in zip(found.outcomes, found.said, found.passes, strict=True):
        assert outcome == (MISSED if own != 3 else BOTH if passes else REJECTED)


def test_at_a_large_eps_attacks_on_both_look_like_the_target_and_others_do_not(found):
    """Those that beat the detector tend to show the target class."""
    assert found.outcomes.count(BOTH) >= 7
    alike = sum(index == 3 for index in found.resembles)
    assert found.deflected <= alike
    assert found.deflected / found.outcomes.count(BOTH) > found.plain_alike / len(found.plain)


def test_the_histogram_is_ordered_own_wrong_plain(found, data):
    n = int((data[1] != 3).sum())
    assert len(found.own) == len(found.wrong) == n >= len(found.plain) > n / 2
    assert found.own.mean() < found.error_threshold < found.wrong.mean()
    assert (found.plain > found.error_threshold).double().mean() > 0.9


def test_without_room_nothing_changes(detector, data):
    found = deflect(detector, *data, target=0, eps=0.0)
    assert torch.equal(found.adversarial, found.clean)
    assert set(found.outcomes) == {MISSED}
    assert len(found.plain) == 0
    assert found.resembles is found.deflected is found.plain_alike is None


def test_progress_ends_at_the_whole(detector, data, monkeypatch):
    monkeypatch.setattr(deflection, "RESTARTS", 1)
    monkeypatch.setattr(deflection, "STEPS", 4)
    calls = []
    deflect(detector, *data, target=1, eps=0.1, progress=lambda k, n: calls.append((k, n)))
    assert calls == [(k, 5) for k in range(1, 6)]


def test_pictures_are_those_that_no_threshold_was_set_on(digits_test):
    images, labels = deflection.pictures_of(digits.RECORD)
    assert len(images) == 225
    assert torch.equal(images, digits_test[0][:225])
    assert torch.equal(labels, digits_test[1][:225])


def test_the_nearest_training_digit_of_a_training_digit_is_itself():
    images, labels = digits.load("train")
    assert torch.equal(NEAREST(images[:50]), labels[:50])


def test_mistakes_are_named(detector, data):
    with pytest.raises(ValueError, match="target must be a class from 0 to 9"):
        deflect(detector, *data, target=10, eps=0.1)
    with pytest.raises(ValueError, match="right and not flagged"):
        deflect(detector, data[0][:5], (data[1][:5] + 1) % 10, target=0, eps=0.1)
