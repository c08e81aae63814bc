"""Recipes, and the learning rates that they stand for."""

import json
from dataclasses import asdict, replace

import pytest

from robust_core import zoo
from robust_core.training.objectives import Clean
from robust_core.training.recipes import ABOUT, PAPER_SCHEDULES, RECIPES
from robust_core.training.run import learning_rate


def test_every_bundled_model_has_a_recipe():
    assert set(RECIPES.names()) == set(zoo.bundled()) == set(ABOUT)
    assert all(recipe.data == zoo.spec(recipe.model).data for recipe in RECIPES)


@pytest.mark.parametrize("name", RECIPES.names())
def test_a_recipe_can_be_written_down(name):
    """Its objective says which one it is, and no two trainings are the same."""
    written = asdict(RECIPES.get(name))
    lists = {name: list(value) for name, value in written.items() if isinstance(value, tuple)}
    assert json.loads(json.dumps(written)) == written | lists
    assert written["objective"]["kind"]
    others = [asdict(recipe) | {"model": name} for recipe in RECIPES if recipe.model != name]
    assert written not in others


@pytest.mark.parametrize("name", RECIPES.names())
def test_a_training_starts_from_the_undefended_model_or_from_random_weights(name):
    recipe, spec = RECIPES.get(name), zoo.spec(name)
    assert recipe.start in (None, spec.base)
    if recipe.start:
        base = zoo.spec(recipe.start)
        assert (base.build, base.mean, base.std) == (spec.build, spec.mean, spec.std)
        assert base.base is None


@pytest.mark.parametrize(
    ("epoch", "rate"),
    [(0, 0.1), (40, 0.1), (41, 0.01), (60, 0.01), (61, 0.001), (99, 0.001)],
)
def test_paper_schedule(epoch, rate):
    recipe = PAPER_SCHEDULES["cifar10-resnet32"]
    assert (recipe.epochs, recipe.held_out, recipe.nesterov) == (100, 5000, False)
    assert learning_rate(recipe, epoch, epoch / 100) == pytest.approx(rate)


@pytest.mark.parametrize("name", RECIPES.names())
def test_a_cycle_rises_then_falls_to_zero(name):
    recipe = replace(RECIPES.get(name), cycles=1)
    rates = [learning_rate(recipe, 0, i / 1000) for i in range(1001)]
    peak = rates.index(max(rates))
    assert peak == pytest.approx(1000 * recipe.warmup, abs=1)
    assert max(rates) == pytest.approx(recipe.peak_rate)
    assert rates[: peak + 1] == sorted(rates[: peak + 1])
    assert rates[peak:] == sorted(rates[peak:], reverse=True)
    assert rates[-1] == pytest.approx(0, abs=1e-12)
    assert rates[0] > 0


@pytest.mark.parametrize("name", zoo.bundled())
def test_the_index_says_how_its_weights_were_made(name):
    entry, recipe = zoo.index()[name], json.loads(json.dumps(asdict(RECIPES.get(name))))
    # What an entry does not say came into recipes after it, with the value that was meant all along.
    unsaid = {
        "objective": asdict(Clean()),
        "start": None,
        "crop": None,
        "cycles": 1,
        "jitter": None,
    }
    assert unsaid | entry["recipe"] == recipe
    assert entry["command"] == f"python -m robust_core train {name}"
    assert entry["accuracy"] == entry["correct"] / entry["n_test"]


def test_cycles_follow_one_another():
    """Each goes through the same rates, to the last bit."""
    once = RECIPES.get("digits-cnn")
    twice = replace(once, cycles=2)
    for i in range(64):
        rate = learning_rate(once, 0, i / 64)
        assert learning_rate(twice, 0, i / 128) == rate == learning_rate(twice, 0, (64 + i) / 128)
    assert learning_rate(twice, 0, 1) == pytest.approx(0, abs=1e-12)
