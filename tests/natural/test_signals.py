"""The simulated sensor: fixed beats of all classes, and a network that FGSM fools and noise does not."""

import pytest
import torch

from robust_core.experiment import sensed
from robust_core.natural import bundle, signals
from robust_core.training import natural


def test_beats_are_fixed_in_range_and_of_all_classes():
    beats, labels = signals.beats(30, seed=0)
    assert beats.shape == (30, 1, 1, signals.LENGTH)
    assert 0 <= beats.min() <= beats.max() <= 1
    assert labels.bincount().tolist() == [10, 10, 10]
    assert torch.equal(beats, signals.beats(30, seed=0)[0])
    assert not torch.equal(beats, signals.beats(30, seed=1)[0])
    with pytest.raises(ValueError, match="count must be at least 1; got 0"):
        signals.beats(0, seed=0)


def test_the_bundled_network_is_as_good_as_its_entry_says():
    entry = bundle.entry_of(bundle.SIGNAL)
    beats, labels = signals.beats(natural.HELD_OUT_SIGNALS, seed=1)
    assert len(labels) == entry["n_held_out"] >= 500
    right = bundle.signal_network()(beats).argmax(1) == labels
    assert int(right.sum()) == entry["right"] >= 0.95 * len(labels)


def test_noise_is_of_the_size_of_fgsm_and_hurts_less():
    model, (beats, labels) = bundle.signal_network(), signals.beats(90, seed=1)
    levels = (0.0, 0.03, 0.1)
    found = sensed.right(model, beats, labels, levels)
    for eps, fgsm, noise in zip(levels, found[sensed.FGSM], found[sensed.NOISE], strict=True):
        assert fgsm == noise if eps == 0 else fgsm < noise
        for kind in (sensed.FGSM, sensed.NOISE):
            moved = sensed.changed(kind, model, beats, labels, eps) - beats
            assert moved.abs().amax((1, 2, 3)).tolist() == pytest.approx([eps] * 90, abs=1e-6)
    assert list(found[sensed.FGSM]) == sorted(found[sensed.FGSM], reverse=True)


def test_one_beat_is_told_three_times():
    model, (beats, labels) = bundle.signal_network(), signals.beats(1, seed=1)
    found = sensed.lines(model, beats, int(labels[0]), 0.03)
    assert list(found) == list(sensed.KINDS)
    assert found[sensed.CLEAN].values == tuple(beats.flatten().tolist())
    assert [line.linf for line in found.values()] == pytest.approx([0, 0.03, 0.03], abs=1e-6)
    assert found[sensed.CLEAN].answer.label == signals.CLASSES[0]
