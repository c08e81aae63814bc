"""A report that is misspelt: what is told of it holds together."""

import pytest

from robust_core.experiment.misspelt import misspell
from robust_core.natural import bundle
from robust_core.natural.reports.edits import distance

TEXT = "There is a spiculated mass in the left breast. The breasts are almost entirely fatty."


@pytest.mark.parametrize("budget", [0, 1, 6])
def test_it_keeps_its_budget_and_measures_its_result(budget):
    found = misspell(bundle.reader(), TEXT, budget)
    assert found.label == 1
    assert len(found.steps) == len(found.after) <= budget
    assert distance(TEXT, found.result) == len(found.steps)
    assert found.similarity == 1 - len(found.steps) / max(len(TEXT), len(found.result))
    assert 0 <= found.cosine <= 1
    if found.after:
        assert found.after[-1] == bundle.reader().probability(found.result) < found.probability


def test_enough_edits_flip_it_and_none_do_not():
    assert misspell(bundle.reader(), TEXT, 6).flipped
    assert not misspell(bundle.reader(), TEXT, 0).flipped
    empty = misspell(bundle.reader(), "", 6)
    assert empty.steps == ()
    assert empty.similarity == 1
