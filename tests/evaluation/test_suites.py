"""Committed results belong to the committed weights and to the suites as they stand."""

import json

import pytest

from robust_core import zoo
from robust_core.evaluation import suites
from robust_core.paths import RESULTS

ALL = [RESULTS / f"{name}.json" for name in suites.SUITES]
FILES = [RESULTS / f"{name}.json" for name in ("cifar10", "digits", "gtsrb")]
DISTANCES = RESULTS / "cifar10-distances.json"


@pytest.mark.parametrize("file", ALL, ids=lambda file: file.stem)
def test_results_are_those_of_the_bundled_weights(file):
    result = json.loads(file.read_text())
    suite, entry = suites.get(result["suite"]), zoo.index()[result["model"]]
    assert (result["suite"], result["model"]) == (file.stem, suite.model)
    assert result["weights_sha256"] == entry["sha256"]
    assert (result["limit"], result["n"]) == (None, suite.correct or entry["n_test"])
    accuracy = 1 if suite.correct else entry["accuracy"]
    assert result["clean_top1"] == pytest.approx(accuracy, abs=1 / entry["n_test"])
    wanted = [(p.attack, list(p.eps) or [None], p.limit or result["n"]) for p in suite.parts]
    found = [(r["attack"], [row["eps"] for row in r["rows"]], r["n"]) for r in result["results"]]
    assert found == wanted


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_iterating_helps_and_noise_is_weak(file):
    """Between attacks of the same size on the same pictures."""
    rates = {
        (r["attack"], row["eps"], r["n"]): row["success_rate"]
        for r in json.loads(file.read_text())["results"]
        for row in r["rows"]
    }
    pairs = [
        (rate, rates[weaker, eps, n])
        for (name, eps, n), rate in rates.items()
        for weaker in ("noise", "fgsm")
        if name in ("bim", "pgd") and (weaker, eps, n) in rates
    ]
    assert pairs
    assert all(strong >= weak for strong, weak in pairs)


def test_distances_are_in_the_order_that_the_methods_promise():
    """DeepFool is near the smallest change, Carlini-Wagner nearer."""
    deepfool, cw, targeted, *_ = json.loads(DISTANCES.read_text())["results"]
    assert [r["attack"] for r in (deepfool, cw, targeted)] == ["deepfool", "cw-l2", "cw-l2"]
    assert targeted["goal_parameters"]["target"] == "random"
    deepfool, cw, targeted = (r["rows"][0] for r in (deepfool, cw, targeted))
    assert deepfool["success_rate"] >= 0.99
    assert cw["success_rate"] == targeted["success_rate"] == 1
    assert cw["mean_l2"] <= deepfool["mean_l2"] <= 2 * cw["mean_l2"]
    assert targeted["mean_l2"] >= cw["mean_l2"]


def test_an_unknown_suite_names_what_there_is():
    named = ", ".join(
        [
            *suites.SUITES,
            *suites.TABLES,
            "deck-002",
            "universal",
            "physical",
            "natural",
            "transfer",
            "verification",
            "or list",
        ]
    )
    with pytest.raises(ValueError, match=f"must be one of {named}; got 'nothing'"):
        suites.get("nothing")
