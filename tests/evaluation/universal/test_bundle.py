"""What is bundled: fitted as said, and as good as the index says."""

import json

import pytest
import torch

from robust_core import attacks, zoo
from robust_core.attacks.universal.patches import PatchUniversal
from robust_core.evaluation.universal import bundle
from robust_core.evaluation.universal.recipes import UniversalRecipe, fit
from robust_core.files import json_text


@pytest.mark.parametrize("name", zoo.universals())
def test_every_bundled_one_is_what_its_recipe_says(name):
    recipe = bundle.RECIPES[name]
    found = zoo.load_universal(name)
    record = found.record
    assert (record["model"], record["attack"], record["n"]) == (
        recipe.model,
        recipe.attack,
        recipe.n,
    )
    assert record["parameters"] == recipe.method().parameters
    assert record["weights_sha256"] == zoo.index()[recipe.model]["sha256"]
    size = zoo.describe(recipe.model).input_size
    assert found.size == [3, *size]
    if isinstance(found, PatchUniversal):
        assert record["goal_parameters"] == {"target": recipe.target}
    else:
        assert found.delta.abs().max() <= recipe.parameters["eps"] * (1 + 1e-6)


@pytest.mark.parametrize("name", list(bundle.RECIPES))
def test_recipes_are_of_universal_attacks_on_models_that_are_there(name):
    recipe = bundle.RECIPES[name]
    assert recipe.model in zoo.bundled()
    assert recipe.method().scope == "universal"
    assert zoo.describe(recipe.model).data == recipe.data
    assert name.startswith(recipe.model)


def test_rounding_to_half_precision_makes_nothing_larger(pictures):
    v = attacks.Universal(pictures(1, (3, 20, 20), torch.float32, low=-0.1, high=0.1))
    small = bundle.rounded(v)
    assert small.delta.equal(small.delta.half().float())
    assert (small.delta.abs() <= v.delta.abs()).all()
    torch.testing.assert_close(small.delta, v.delta, rtol=2**-10, atol=1e-7)


def test_an_export_holds_figures_of_the_very_file(digits_model, digits_test, monkeypatch):
    images, labels = (x[:60] for x in digits_test)
    recipes = {
        "v": UniversalRecipe("digits-cnn", "digits", "uap-sgd", {"eps": 0.3, "passes": 2}, 60),
        "p": UniversalRecipe("digits-cnn", "digits", "patch", {"steps": 4, "scale": 0.3}, 60, 3),
    }
    monkeypatch.setattr(bundle, "RECIPES", recipes)
    for name, recipe in recipes.items():
        found = fit(recipe, digits_model, images, labels)
        assert found.record["data"] == "digits"
        entry, content = bundle.exported(name, found, digits_model, images, labels)
        assert json.loads(json_text(entry)) == entry
        assert entry["command"] == f"python -m robust_core train {name}"
        assert entry["figures"]["n"] >= 55
        assert content
    with pytest.raises(ValueError, match="gives 60 training pictures, not 61"):
        fit(UniversalRecipe("digits-cnn", "digits", "uap", {}, 61), digits_model, images, labels)
    with pytest.raises(ValueError, match="attack must be a universal one; got 'pgd'"):
        UniversalRecipe("digits-cnn", "digits", "pgd").method()
