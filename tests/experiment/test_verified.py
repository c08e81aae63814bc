"""The eps line, the sandwich and the set: proofs below, broken above, and never the other way round."""

import math
from dataclasses import replace
from itertools import pairwise

import pytest
import torch

from robust_core import data, zoo
from robust_core.data import samples
from robust_core.data.fitting import to_tensor
from robust_core.experiment.sandwich import exact, sandwich
from robust_core.experiment.verified import (
    BOUNDS,
    DEEPFOOL,
    FEWER,
    LARGEST,
    Closing,
    Line,
    attacked,
    between,
)
from robust_core.experiment.verified_set import survey
from robust_core.verification.checks import CROWN, IBP, MILP, OPTIMISED


@pytest.fixture(scope="module")
def case():
    """The picture on which PGD misses what the solver finds."""
    model = zoo.load("digits-mlp-ibp")
    sample = samples.load("digits-test-30")
    image = to_tensor(sample.picture.pixels[..., :1])
    return model, image, torch.tensor([model.class_names.index(sample.label)])


def test_the_line_closes_and_never_crosses(case):
    seen: list[Line] = []
    steps = []
    closing = Closing(*case, Line(), lambda k, n: steps.append((k, n)), seen.append)
    bounds = closing.with_bounds()
    assert set(bounds.proved) == set(BOUNDS)
    assert bounds.proved[IBP] <= bounds.proved[CROWN] + 1e-3
    assert bounds.proved[CROWN] <= bounds.proved[OPTIMISED] + 1e-3
    assert DEEPFOOL in bounds.broken
    closed = Closing(*case, bounds, None, seen.append).with_programs()
    assert closed.low >= bounds.low
    assert closed.high <= bounds.high
    assert closed.high - closed.low < 1e-3
    for before, after in pairwise(seen):
        assert before.low <= after.low < after.high <= before.high
    assert all(k <= n for k, n in steps)


def test_nothing_to_prove_where_it_is_wrong_when_clean(case):
    model, image, label = case
    line = Closing(model, image, (label + 1) % 10, Line(), None, None).with_bounds()
    assert not line.right
    assert (line.low, line.high) == (0.0, torch.inf)
    assert Closing(model, image, label, line, None, None).with_programs() == line


def test_the_sandwich_holds_and_the_solver_finds_what_pgd_misses(case):
    model, image, label = case
    found = sandwich(*case, 0.15)
    solved = exact(*case, 0.15, None, None)
    for k in found.rivals:
        best = max(found.lower[m][k].item() for m in BOUNDS)
        assert best <= found.reached[k].item() <= found.clean[k].item() + 1e-6
        assert found.lower[IBP][k] <= found.lower[CROWN][k] + 1e-9
    for one in solved.solved:
        assert one.bound <= one.value + 1e-6
        assert one.value <= found.reached[one.rival].item() + 1e-4
    assert found.pgd.margin > 0
    assert found.pgd.answer == model.class_names[int(label)]
    example = solved.counterexample
    assert example is not None
    assert example.margin == pytest.approx(solved.least, abs=1e-4)
    assert example.answer != found.pgd.answer
    assert (example.picture - image[0]).abs().max() <= 0.15 + 1e-6
    assert found.unstable[CROWN] <= found.unstable[IBP] <= found.neurons == 200


def test_an_attack_stays_within_its_radius(case):
    picture, margin = attacked(*case, 0.17)
    assert (picture - case[1][0]).abs().max() <= 0.17 + 1e-6
    assert margin == pytest.approx(attacked(*case, 0.17)[1])


def test_shares_of_a_set_add_up_and_change_one_way():
    images, labels = (torch.as_tensor(x)[:20] for x in data.get("digits").pictures("test"))
    steps = []
    found = survey(zoo.load("digits-mlp"), images, labels, lambda k, n: steps.append((k, n)))
    assert steps == sorted(steps)
    assert (found.proved[CROWN] <= found.broken).all()
    with torch.no_grad():
        right = (zoo.load("digits-mlp")(images).argmax(1) == labels).double().mean().item()
    assert found.clean == pytest.approx(right)
    table = [found.shares(eps) for eps in (0.0, 0.02, 0.05, 0.1, LARGEST)]
    for row in table:
        assert sum(row.values()) == pytest.approx(1)
    proved = [row[IBP] + row[CROWN] for row in table]
    broken = [row["broken"] for row in table]
    assert proved == sorted(proved, reverse=True)
    assert broken == sorted(broken)
    assert proved[0] == pytest.approx(right)


def test_too_many_undecided_relus_are_said(case, monkeypatch):
    monkeypatch.setattr("robust_core.experiment.verified.MOST_UNSTABLE", 1)
    line = Closing(
        *case, Line(proved={IBP: 0.1}, broken={DEEPFOOL: 0.16}), None, None
    ).with_programs()
    assert line.unstable is not None
    assert line.unstable > 1
    assert line.dear
    assert MILP not in line.proved


def test_programs_begin_where_few_enough_relus_are_undecided(case, monkeypatch):
    at = Line(proved={IBP: 0.1}, broken={DEEPFOOL: 0.16})
    closing = Closing(*case, at, None, None)
    few, many = closing._undecided(0.1), closing._undecided(0.16)
    assert few < many
    monkeypatch.setattr("robust_core.experiment.verified.MOST_UNSTABLE", few)
    high = closing._within_reach(0.16)
    assert 0.1 < high < 0.16
    assert closing._undecided(high) <= few < closing._undecided(min(0.16, 2 * high - 0.1))
    assert not replace(at, unstable=few).dear


def test_a_large_network_gets_all_bounds_from_few_radii(case, monkeypatch):
    fine = Closing(*case, Line(), None, None).with_bounds()
    monkeypatch.setattr("robust_core.experiment.verified.LARGE", 10)
    tried = []
    line = Closing(
        *case, Line(), None, lambda line: tried.append((line.trying, line.at))
    ).with_bounds()
    assert len({at for name, at in tried if name == OPTIMISED}) <= FEWER
    assert not any(name == CROWN for name, _ in tried)
    assert set(line.proved) == set(BOUNDS)
    for method in BOUNDS:
        assert line.proved[method] <= fine.proved[method] + 1e-3
    assert line.proved[OPTIMISED] >= fine.proved[OPTIMISED] - 0.02


def test_a_zero_is_looked_for_between_two_margins():
    assert between(None, -1.0) == between(1.0, None) == 0.5
    assert between(3.0, -1.0) == 0.75
    assert between(1.0, -1e9) == 0.1
    assert between(1e9, -1.0) == 0.9
    assert between(1.0, -math.inf) == 0.5
