"""Fresh draws: other seeds than the attacker's, means over them, intervals by formula."""

import math

import pytest
import scipy
import torch
from torch import Tensor, nn

from robust_core import attacks, defenses
from robust_core.evaluation.accuracy import evaluate
from robust_core.evaluation.draws import DRAWS, VOTED, Chance, Drawn, count_for, drawn, wilson


class Coin(nn.Module):
    """Answers class 0 or 1 by chance, for each picture."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, images: Tensor) -> Tensor:
        toss = torch.rand(len(images), 1, device=images.device) - 0.5
        return self.scale * torch.cat([toss, -toss], 1) + 0 * images.flatten(1)[:, :2]


class Sure(nn.Module):
    """The brightness decides; no chance."""

    def forward(self, images: Tensor) -> Tensor:
        grey = images.flatten(1).mean(1, keepdim=True) - 0.5
        return torch.cat([grey, -grey], 1)


@pytest.fixture
def pictures() -> tuple[Tensor, Tensor]:
    images = torch.rand(40, 1, 4, 4, generator=torch.Generator().manual_seed(2))
    return images, torch.zeros(40, dtype=torch.int64)


def test_the_interval_is_that_of_student():
    values = (0.2, 0.5, 0.6, 0.4)
    low, high = scipy.stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert Drawn(values).interval == pytest.approx((low, high))
    assert Drawn(values).mean == pytest.approx(0.425)


def test_it_stays_within_shares_and_is_of_no_width_without_chance():
    assert Drawn((0.0, 1.0)).interval == (0.0, 1.0)
    assert Drawn((0.3,)).interval == (0.3, 0.3)
    assert Drawn((0.25,) * 10).interval == (0.25, 0.25)


@pytest.mark.parametrize(("count", "n"), [(0, 10), (3, 10), (10, 10)])
def test_the_interval_of_one_picture_is_wilsons(count, n):
    found = scipy.stats.binomtest(count, n).proportion_ci(0.95, method="wilson")
    assert wilson(count, n) == pytest.approx((found.low, found.high))
    assert Chance(count, n).interval == wilson(count, n)
    assert wilson(2.5, 10)[0] == pytest.approx((wilson(2, 10)[0] + wilson(3, 10)[0]) / 2, abs=0.01)


def test_half_the_draws_are_no_success():
    assert [Chance(k, 4).succeeds for k in range(5)] == [False, False, False, True, True]


def test_a_defence_gets_another_seed_and_keeps_its_network(digits_model, digit_pictures):
    images = digit_pictures[0][:4]
    defended = defenses.create("random-resize-pad", seed=2**31 - 1)(digits_model)
    with drawn(defended, 0) as seen, drawn(defended, 3) as other:
        assert seen.defense.seed == defended.defense.seed
        assert other.defense.seed == 2
        assert other.network is defended.network
        assert torch.equal(seen(images), defended(images))
        assert not torch.equal(other(images), defended(images))


def test_a_random_model_behind_a_filter_is_redrawn_too(digits_model, digit_pictures):
    images = digit_pictures[0][:4]
    inner = defenses.create("random-resize-pad")(digits_model)
    outer = defenses.create("median")(inner)
    assert outer.is_random
    with drawn(outer, 1) as other:
        assert not torch.equal(other(images), outer(images))
    assert not defenses.create("median")(digits_model).is_random


def test_any_other_model_is_seeded_and_the_generator_restored():
    state = torch.random.get_rng_state()
    images = torch.zeros(3, 1, 2, 2)
    answers = []
    for draw in (1, 1, 2):
        with drawn(Coin(), draw) as model:
            answers.append(model(images))
    assert torch.equal(answers[0], answers[1])
    assert not torch.equal(answers[0], answers[2])
    assert torch.equal(torch.random.get_rng_state(), state)


def test_voting_is_asked_less_often(digits_model):
    assert count_for(defenses.create("smoothing", n=10)(digits_model)) == VOTED
    assert count_for(defenses.create("random-resize-pad")(digits_model)) == DRAWS


def test_a_model_without_chance_has_one_draw_and_no_width(pictures):
    found = evaluate(Sure(), "fgsm", *pictures, eps_list=[0.01, 0.1])
    assert found["fresh_draws"] is None
    for row in found["rows"]:
        assert row["top1_draws"] == [row["top1"]]
        assert row["top1_interval"] == [row["top1"]] * 2
        assert row["success_rate_interval"] == [row["success_rate"]] * 2
        assert row["flipped"] == int(row["flipped"])
    assert found["clean_top1_interval"] == [found["clean_top1"]] * 2


def test_a_coin_is_right_half_of_the_time_and_its_draws_differ(pictures):
    found = evaluate(Coin(), "noise", *pictures, eps_list=[0.1], fresh_draws=25)
    (row,) = found["rows"]
    off = 4 * math.sqrt(0.25 / (25 * 40))
    assert row["top1"] == pytest.approx(0.5, abs=off)
    assert found["clean_top1"] == pytest.approx(0.5, abs=off)
    assert len(set(row["top1_draws"])) > 1
    low, high = row["top1_interval"]
    assert low < row["top1"] < high
    assert evaluate(Coin(), "noise", *pictures, eps_list=[0.1], fresh_draws=25)["rows"][0] | {
        "seconds": 0
    } == row | {"seconds": 0}


def test_an_attack_that_fitted_one_draw_does_not_count_it(digits_model, digit_pictures):
    """Square asks the deployed defence, and fits the draw that it sees better than any other."""
    images, labels = (x[:60] for x in digit_pictures)
    defended = defenses.create("random-resize-pad", smallest=0.7)(digits_model)
    settings = {"max_queries": 150}
    record = attacks.create("square", eps=0.08, **settings).run(defended, images, labels)
    right = defended(images).argmax(1) == labels
    seen = (record.success & right).sum() / right.sum()
    found = evaluate(
        defended, "square", images, labels, eps_list=[0.08], parameters=settings, adaptive=True
    )
    (row,) = found["rows"]
    assert found["fresh_draws"] == DRAWS
    assert row["success_rate_interval"][1] < seen


def test_no_draws_are_refused(pictures):
    with pytest.raises(ValueError, match="fresh_draws must be at least 1; got 0"):
        evaluate(Coin(), "noise", *pictures, eps_list=[0.1], fresh_draws=0)
