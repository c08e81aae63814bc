"""Fooling rates are counted against the model's own clean answers, over all pictures."""

import pytest
import torch

from robust_core.attacks import Universal
from robust_core.evaluation.universal.fooling import (
    answers,
    fooling,
    of_perturbation,
    sign_noise,
)


def test_a_picture_is_fooled_where_the_answer_has_changed():
    clean = torch.tensor([0, 0, 1, 2, 2])
    shown = torch.tensor([3, 0, 3, 1, 2])
    labels = torch.tensor([3, 0, 1, 1, 0])
    found = fooling(clean, shown, labels)
    assert (found["n"], found["fooled"], found["rate"]) == (5, 3, pytest.approx(0.6))
    assert (found["clean_correct"], found["correct"]) == (2, 3), "a wrong answer may become right"
    assert found["dominant"] == [[3, 2], [1, 1]]


def test_a_perturbation_is_shown_clipped_and_in_batches(digits_model, digits_test, monkeypatch):
    images, labels = (x[:70] for x in digits_test)
    v = Universal(torch.full((1, 1, 8, 8), 0.4))
    whole = of_perturbation(digits_model, v, images, labels)
    expected = digits_model((images + 0.4).clamp(0, 1)).argmax(1)
    assert whole["fooled"] == int((expected != digits_model(images).argmax(1)).sum())
    assert whole["linf"] == pytest.approx(0.4)
    assert whole["l2"] == pytest.approx(0.4 * 8)
    seen = []
    monkeypatch.setattr("robust_core.evaluation.universal.fooling.default_batch", lambda _: 32)
    assert of_perturbation(digits_model, v, images, labels, None, seen.append) == whole
    assert seen == [32, 32, 6]


def test_nothing_fools_nobody(digits_model, digit_pictures):
    nothing = Universal(torch.zeros(1, 1, 8, 8))
    found = of_perturbation(digits_model, nothing, *digit_pictures)
    assert (found["fooled"], found["dominant"]) == (0, [])
    assert found["correct"] == found["clean_correct"]


def test_signs_are_as_large_as_they_may_be_and_seeded():
    one, again, other = (sign_noise((3, 16, 16), 0.1, seed) for seed in (0, 0, 1))
    assert one.delta.equal(again.delta)
    assert not one.delta.equal(other.delta)
    torch.testing.assert_close(one.delta.abs(), torch.full((1, 3, 16, 16), 0.1))
    assert 0.4 < (one.delta > 0).double().mean() < 0.6
    assert one.record["attack"] == "noise"


def test_a_model_that_answers_with_probabilities_says_the_same(
    softmax_model, digits_model, digit_pictures
):
    images = digit_pictures[0]
    assert answers(softmax_model, images).equal(answers(digits_model, images))
