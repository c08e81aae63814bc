"""Committed results belong to the committed weights and to the suites as they stand."""

import json

import pytest

from robust_core import zoo
from robust_core.evaluation import suites
from robust_core.paths import RESULTS

FILES = [RESULTS / f"{name}.json" for name in suites.SUITES]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_results_are_those_of_the_bundled_weights(file):
    result = json.loads(file.read_text())
    suite, entry = suites.get(result["suite"]), zoo.index()[result["model"]]
    assert (result["suite"], result["model"]) == (file.stem, suite.model)
    assert result["weights_sha256"] == entry["sha256"]
    assert (result["limit"], result["n"]) == (None, entry["n_test"])
    assert result["clean_top1"] == pytest.approx(entry["accuracy"], abs=1 / entry["n_test"])
    wanted = [(p.attack, list(p.eps), p.limit or result["n"]) for p in suite.parts]
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


def test_an_unknown_suite_names_what_there_is():
    with pytest.raises(ValueError, match="cifar10, digits, or list"):
        suites.get("nothing")
