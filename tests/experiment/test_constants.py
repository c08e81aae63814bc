"""Carlini and Wagner's constant: the path is the attack's own, and larger ones go further."""

from itertools import pairwise

import pytest
import torch

from robust_core import attacks
from robust_core.experiment.constants import POINTS, constant_curve
from robust_core.goals import Towards

STEPS = 20


@pytest.fixture(scope="module")
def found(digits_model, digit_pictures):
    """The curve of one digit, and the calls of its progress."""
    images, labels = digit_pictures
    calls = []
    attack = attacks.create("cw-l2", steps=STEPS, search_steps=3)
    curve = constant_curve(
        digits_model, images[:1], attack, label=int(labels[0]), progress=lambda *c: calls.append(c)
    )
    return curve, calls


def test_the_best_of_the_path_is_the_attack_s_result(found, digits_model, digit_pictures):
    images, labels = digit_pictures
    record = attacks.create("cw-l2", steps=STEPS, search_steps=3).run(
        digits_model, images[:1], labels[:1]
    )
    assert min(t.l2 for t in found[0].path if t.l2) == pytest.approx(record.l2.item(), rel=1e-6)


def test_the_path_is_a_bisection(found):
    path = found[0].path
    assert len(path) == 3
    for before, after in pairwise(path):
        assert (after.const < before.const) == (before.l2 is not None)


def test_too_small_a_constant_fails_and_a_large_one_goes_too_far(found):
    grid = found[0].grid
    assert len(grid) == POINTS
    assert grid[0].l2 is None
    lengths = [t.l2 for t in grid if t.l2 is not None]
    assert grid[-1].l2 > min(lengths)


def test_progress_counts_the_steps_of_all_searches(found):
    calls = found[1]
    assert calls[-1] == (4 * STEPS, 4 * STEPS)
    assert [k for k, _ in calls] == sorted(k for k, _ in calls)


def test_a_target_and_a_first_constant_are_kept(digits_model, digit_pictures):
    images, labels = digit_pictures
    label = int(labels[0])
    attack = attacks.create("cw-l2", steps=5, search_steps=1, initial_const=7.0)
    goal = Towards((label + 1) % 10)
    curve = constant_curve(digits_model, images[:1], attack, label=label, progress=None, goal=goal)
    assert [t.const for t in curve.path] == [7.0]


def test_the_best_within_a_mask_is_that_of_the_attack_within_it(digits_model, digit_pictures):
    images, labels = digit_pictures
    mask = torch.zeros(1, 1, 8, 8, dtype=torch.bool)
    mask[..., 1:7, 1:7] = True
    attack = attacks.create("cw-l2", steps=STEPS, search_steps=2, initial_const=1.0)
    curve = constant_curve(
        digits_model, images[:1], attack, label=int(labels[0]), progress=None, mask=mask
    )
    record = attack.run(digits_model, images[:1], labels[:1], mask=mask)
    assert min(t.l2 for t in curve.path if t.l2) == pytest.approx(record.l2.item(), rel=1e-6)
    assert curve != constant_curve(
        digits_model, images[:1], attack, label=int(labels[0]), progress=None
    )
