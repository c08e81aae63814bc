"""The committed measurements: whole, and as good as was promised."""

import itertools

import pytest

from robust_core.evaluation.universal import results, suite


def mean(values):
    values = list(values)
    return sum(values) / len(values)


def test_the_better_perturbation_fools_most_pictures_and_far_more_than_random_signs():
    rows = results.rows("fooling")
    rates = {
        attack: mean(row["rate"] for row in rows if row["attack"] == attack)
        for attack in {row["attack"] for row in rows}
    }
    best = max(rate for attack, rate in rates.items() if attack != "noise")
    assert best >= 0.6
    assert best >= rates["noise"] + 0.2
    for row in rows:
        assert row["n"] == 10_000
        assert row["linf"] <= row["eps"] * (1 + 1e-6)
        assert row["fooled"] == round(row["rate"] * row["n"])


def test_patches_reach_their_target_where_noise_and_objects_do_not():
    rows = {(row["model"], row["what"]): row for row in results.rows("patches")}
    fitted = [row for (_, what), row in rows.items() if what == "fitted"]
    assert {row["model"] for row in fitted} == {"imagenette-resnet", "cifar10-resnet32"}
    for row in fitted:
        reached = {point["area"]: point["rate"] for point in row["curve"]}
        assert reached[0.1] >= 0.8
        assert min(rate for area, rate in reached.items() if area >= 0.1) >= 0.8
        assert row["n"] >= 100
        for control in ("noise", "object"):
            assert rows[row["model"], control]["rate"] < row["rate"] / 2
        rates = [one["rate"] for one in row["curve"]]
        assert len(rates) >= 4
        assert all(b >= a - 0.05 for a, b in itertools.pairwise(rates))


@pytest.mark.parametrize("part", suite.PARTS)
def test_rows_are_those_of_the_plan(part):
    planned = [question.identity for question in suite.PARTS[part]()]
    for row in results.rows(part):
        assert {key: row[key] for key in planned[0]} in planned


def test_an_unknown_part_is_refused():
    with pytest.raises(ValueError, match="part must be one of fooling"):
        results.rows("zap")
