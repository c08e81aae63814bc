"""Misspellings: within the budget, each one letter, towards the other class."""

import pytest
import torch

from robust_core.natural.reports import edits
from robust_core.natural.reports.edits import attack, distance, misspelt, neighbours, similarity


def counting(texts):
    """A classifier that is sure of a text by how often it says "mass"."""
    return torch.tensor([float(text.count("mass")) for text in texts])


def test_neighbours_are_beside_a_key():
    assert neighbours("a") == "s"
    assert neighbours("S") == "ad"
    assert neighbours("p") == "o"
    assert neighbours("-") == ""


@pytest.mark.parametrize("word", ["mass", "calcification,", "B.B.", "a", ""])
def test_a_misspelling_is_one_edit_and_keeps_the_first_letter(word):
    found = misspelt(word)
    assert len(found) == len(set(found))
    for other in found:
        assert distance(word, other) == 1
        assert other[0] == word[0]
    assert bool(found) == (len(word) > 1)


@pytest.mark.parametrize(
    ("one", "other", "edits_between"),
    [("tissue", "tisue", 1), ("calcification", "calcifcaton", 2), ("ab", "ba", 1), ("", "abc", 3)],
)
def test_distance_counts_edits(one, other, edits_between):
    assert distance(one, other) == distance(other, one) == edits_between
    assert similarity(one, other) == 1 - edits_between / max(len(one), len(other))
    assert similarity(one, one) == 1


@pytest.mark.parametrize("budget", range(5))
def test_it_stays_within_the_budget_and_edits_no_word_twice(budget):
    text = "a mass and a mass and a mass in places"
    steps = attack(counting, text, budget)
    assert len(steps) == min(budget, 3)
    before = text
    for step in steps:
        pairs = zip(before.split(" "), step.text.split(" "), strict=True)
        assert [pair for pair in pairs if pair[0] != pair[1]] == [(step.before, step.after)]
        before = step.text
    if steps:
        assert distance(text, steps[-1].text) == len(steps)
        scores = [step.score for step in steps]
        assert scores == sorted(scores, reverse=True)


def test_it_ends_where_the_class_is_left_or_nothing_helps():
    assert attack(counting, "no such word anywhere", 5) == [], "already left"
    assert attack(lambda texts: torch.ones(len(texts)), "nothing helps here", 5) == []
    assert attack(counting, "a b c", 5) == [], "no word is long enough"
    assert attack(counting, "", 5) == []


def test_the_word_that_matters_is_edited_first():
    def weighted(texts):
        return torch.tensor([3.0 * ("lesion" in t) + 1.0 * ("cyst" in t) for t in texts])

    first, second = attack(weighted, "a cyst beside one lesion today", 2)
    assert (first.before, second.before) == ("lesion", "cyst")


def test_a_negative_budget_is_refused():
    with pytest.raises(ValueError, match="budget must be 0 or more edits; got -1"):
        edits.attack(counting, "a mass", -1)
