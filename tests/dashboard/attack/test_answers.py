"""What the strip of defences says: how many recover the picture, and what each of them answers."""

from types import SimpleNamespace

import pytest

from robust_core.classifier import Guess
from robust_core.dashboard.attack.answers import QUESTION, Answer, Cell, markup, sentence
from robust_core.experiment.defended import Attacker, DefenseOutcome

SAVED = Answer(DefenseOutcome.RECOVERED, Guess(3, "cat", 0.97))
LOST = Answer(DefenseOutcome.FOOLED, Guess(5, "dog", 0.8))
WRONG = Answer(DefenseOutcome.WRONG, Guess(6, "frog", 0.6))


def experiment(success: bool = True, first: int = 3):
    label = SimpleNamespace(index=3)
    return SimpleNamespace(before=(SimpleNamespace(index=first),), label=label, success=success)


def pairs(*answers: tuple[Answer | None, Answer | None]) -> list[dict]:
    """By defence the answers to either attacker; None: not there yet."""
    return [{who: a for who, a in zip(Attacker, pair, strict=True) if a} for pair in answers]


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        (
            [(SAVED, SAVED), (SAVED, LOST), (SAVED, LOST), (LOST, LOST), (WRONG, WRONG)],
            "3 of 5 defences recover it; 1 of 5 once the attacker knows it.",
        ),
        ([(SAVED, LOST)], "1 of 1 defence recovers it; 0 of 1 once the attacker knows it."),
        (
            [(SAVED, SAVED), (LOST, None)],
            "1 of 2 defences recovers it; 1 of 1 once the attacker knows it so far.",
        ),
        ([(SAVED, None), (LOST, None)], "1 of 2 defences recovers it."),
        ([(SAVED, None), (SAVED, None), (None, None)], "2 of 2 defences recover it so far."),
        ([(None, None)], QUESTION),
        ([], QUESTION),
    ],
)
def test_the_sentence_counts_what_is_known(answers, told):
    assert sentence(experiment(), pairs(*answers), len(answers)) == told


def test_who_knows_a_defence_can_also_do_as_one_who_does_not():
    told = sentence(experiment(), pairs((LOST, SAVED)), 1)
    assert told == "0 of 1 defence recovers it; 0 of 1 once the attacker knows it."


def test_where_nothing_was_lost_nothing_is_counted():
    both = pairs((SAVED, SAVED))
    assert "attack fails" in sentence(experiment(success=False), both, 1)
    assert sentence(experiment(first=5), both, 1).startswith("Wrong before any attack")


@pytest.mark.parametrize(
    ("answers", "ending"),
    [
        ([(SAVED, LOST), (None, None)], "recover."),
        ([(WRONG, WRONG)], "recover, but 1 of 1 defence gets the picture wrong all the same."),
        (
            [(LOST, LOST), (WRONG, None), (SAVED, LOST), (None, None)],
            "recover, but 2 of 3 defences get the picture wrong all the same.",
        ),
    ],
)
def test_a_defence_that_harms_is_counted_where_the_attack_fails(answers, ending):
    told = sentence(experiment(success=False), pairs(*answers), len(answers))
    assert told == f"The attack fails without any defence: there is nothing to {ending}"


def test_a_cell_tells_both_answers_by_sign_words_and_look():
    told = markup([Cell("Median filter", {Attacker.UNAWARE: SAVED, Attacker.AWARE: LOST}, {})])
    assert "<b>Median filter</b>" in told
    for who, look, sign, said in (
        ("unaware", "recovered", "<i role=img aria-label='Recovered:'>✓</i>", "<em>cat</em> 97 %"),
        ("aware", "fooled", "<i role=img aria-label='Fooled:'>✗</i>", "<em>dog</em> 80 %"),
    ):
        assert f"<small>{who}</small><span class={look}>{sign} {said}</span>" in told


def test_what_is_wrong_without_an_attack_is_neither_recovered_nor_fooled():
    told = markup([Cell("PGD", {Attacker.UNAWARE: WRONG}, {Attacker.AWARE: "step 3 of 10"})])
    assert "class=neither" in told
    assert "wrong when clean" in told
    assert "frog" not in told
    assert "<span class=missing>step 3 of 10</span>" in told


def test_names_are_no_markup():
    odd = Answer(DefenseOutcome.FOOLED, Guess(0, "<b>&", 0.5))
    assert "&lt;b&gt;&amp;" in markup([Cell("<i>", {Attacker.UNAWARE: odd}, {})])


def test_every_outcome_has_a_look():
    for outcome in DefenseOutcome:
        assert "class=" in markup([Cell("", {Attacker.UNAWARE: Answer(outcome, LOST.guess)}, {})])
