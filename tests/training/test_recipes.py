"""Recipes, and the learning rates that they stand for."""

from dataclasses import asdict

import pytest

from robust_core import zoo
from robust_core.training.recipes import PAPER_SCHEDULES, RECIPES
from robust_core.training.run import learning_rate


def test_every_bundled_model_has_a_recipe():
    assert set(RECIPES) == set(zoo.BUNDLED)
    assert all(recipe.model == name for name, recipe in RECIPES.items())


@pytest.mark.parametrize(
    ("epoch", "rate"),
    [(0, 0.1), (40, 0.1), (41, 0.01), (60, 0.01), (61, 0.001), (99, 0.001)],
)
def test_paper_schedule(epoch, rate):
    recipe = PAPER_SCHEDULES["cifar10-resnet32"]
    assert (recipe.epochs, recipe.held_out, recipe.nesterov) == (100, 5000, False)
    assert learning_rate(recipe, epoch, epoch / 100) == pytest.approx(rate)


@pytest.mark.parametrize("name", RECIPES)
def test_one_cycle_rises_then_falls_to_zero(name):
    recipe = RECIPES[name]
    rates = [learning_rate(recipe, 0, i / 1000) for i in range(1001)]
    peak = rates.index(max(rates))
    assert peak == pytest.approx(1000 * recipe.warmup, abs=1)
    assert max(rates) == pytest.approx(recipe.peak_rate)
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] == pytest.approx(0, abs=1e-12)
    assert rates[0] > 0


@pytest.mark.parametrize("name", RECIPES)
def test_the_index_says_how_its_weights_were_made(name):
    entry = zoo.index()[name]
    assert entry["recipe"] == {
        k: list(v) if k == "milestones" else v for k, v in asdict(RECIPES[name]).items()
    }
    assert entry["command"] == f"python -m robust_core train {name}"
    assert entry["accuracy"] == entry["correct"] / entry["n_test"]
