"""A trained defence is added in four places: its class, its recipe, its paper, and its test, here."""

from dataclasses import dataclass

import pytest

from robust_core import defenses, zoo
from robust_core.__main__ import main
from robust_core.defenses import REGISTRY, register
from robust_core.defenses.trained import TrainedDefense
from robust_core.evaluation.defense_table import plan
from robust_core.parameters import Paper
from robust_core.training import export, recipes
from robust_core.training.objectives import GaussianTraining
from robust_core.training.recipes import RECIPES, Recipe
from robust_core.zoo import loading, weights
from tests.visiting import ran, visit

NAME, MODEL = "faint-noise", "digits-cnn-faint-noise"
PAPER = Paper("Nobody", 2026, "Faint noise", "https://example.org/faint")


@pytest.fixture
def faint(monkeypatch, weights_folder, tmp_path):
    """The class and the recipe, which nobody has trained yet; forgotten after the test."""
    monkeypatch.setattr(export.install, "__defaults__", (weights_folder,))
    monkeypatch.setattr(loading, "_loaded", dict(loading._loaded))
    monkeypatch.setattr(recipes, "ABOUT", dict(recipes.ABOUT))
    monkeypatch.chdir(tmp_path)
    with REGISTRY.temporarily(), RECIPES.temporarily():

        @register
        @dataclass(frozen=True, kw_only=True)
        class FaintNoise(TrainedDefense):
            name = NAME
            title = "Faint noise"
            summary = "Trained on pictures with hardly any noise."
            equation = r"L(\theta, x + \eta, y)"
            paper = PAPER
            breaker = PAPER
            broken_by = "Everything."

        recipes.register(
            Recipe(
                model=MODEL,
                data="digits",
                epochs=2,
                peak_rate=0.05,
                batch=64,
                objective=GaussianTraining(sigma=0.01),
            ),
            "hardly any noise",
        )
        yield FaintNoise


def test_before_its_training_it_says_what_is_missing(faint):
    assert defenses.get(NAME) is faint
    assert defenses.names().index(NAME) < defenses.names().index("distilled")  # kind by kind
    assert "none has been trained yet" in faint().refusal("digits-cnn")
    assert MODEL not in zoo.names()
    with pytest.raises(zoo.ZooError, match=f"no entry {MODEL}.*train {MODEL} --install"):
        zoo.load(MODEL, "cpu")


def test_it_is_in_the_queue_the_zoo_and_on_the_pages(faint, capsys):
    entries = weights.index()
    assert main(["train", "list"]) == 0
    assert f"{MODEL}  " in capsys.readouterr().out
    assert main(["train", "--all-missing", "--device", "cpu"]) == 0
    assert list(weights.index()) == [*entries, MODEL]
    assert zoo.bundled()[-1] == MODEL
    assert zoo.describe(MODEL).class_names == zoo.describe("digits-cnn").class_names
    defended = defenses.create(NAME)(zoo.load("digits-cnn", "cpu"))
    assert defended.base is zoo.load(MODEL, "cpu")
    page = ran(visit("pages/compare_defenses.py", model="digits-cnn"))
    pills = page.get("button_group")
    assert any("Faint noise" in str(group.options) for group in pills)
    assert "Faint noise — digits, 8 px" in page.selectbox(key="model").options


def test_it_is_measured_with_the_others(faint):
    assert NAME in [subject.defense for subject in plan.trained()]
    assert plan.Subject(NAME).title() == "Faint noise"


def test_an_unknown_kind_is_refused(faint):
    class Odd(faint):
        name = "odd"
        kind = "magic"

    with pytest.raises(ValueError, match=r"kind of odd must be one of filter, .*; got 'magic'"):
        register(Odd)
