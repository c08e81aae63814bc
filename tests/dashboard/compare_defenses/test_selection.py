"""The page Compare defences: what it opens with, and what is said of all rows together."""

from types import SimpleNamespace

import pytest

from robust_core import defenses
from robust_core.dashboard.compare_defenses.selection import QUICK, is_weaker, summary
from robust_core.experiment.defended import Attacker, DefenseOutcome


def trials(*outcomes: tuple[bool | None, bool | None]) -> list[dict]:
    """Whether each defence recovers the picture from the unaware and the aware one; None: not finished."""
    words = {True: DefenseOutcome.RECOVERED, False: DefenseOutcome.FOOLED}
    return [
        {
            attacker: SimpleNamespace(outcome=words[saved])
            for attacker, saved in zip(Attacker, pair, strict=True)
            if saved is not None
        }
        for pair in outcomes
    ]


def undefended(success=True, index=3, eps=0.1):
    label = SimpleNamespace(index=3, label="cat", confidence=0.9)
    first = SimpleNamespace(index=index, label="dog", confidence=0.9)
    return SimpleNamespace(before=(first,), label=label, success=success, eps=eps)


def test_the_summary_counts_what_is_finished():
    done = trials((True, True), (True, False), (False, False))
    assert summary(undefended(), done, 3, over=False) == (
        "Of 3 defences, 2 recover the picture from an unaware attacker; 1 from an aware one."
    )
    assert "none from an aware one" in summary(undefended(), trials((True, False)), 1, over=False)
    wrong = dict.fromkeys(Attacker, SimpleNamespace(outcome=DefenseOutcome.WRONG))
    told = summary(undefended(), [*trials((True, False)), wrong], 2, over=False)
    assert told.endswith("none from an aware one. 1 is wrong without any attack.")
    partly = trials((True, True), (False, None), (None, None))
    assert summary(undefended(), partly, 3, over=False) == (
        "So far 1 of 2 recovers the picture from an unaware attacker; 1 of 1 from an aware one."
    )


def test_where_no_defence_is_chosen_none_is_counted():
    assert "Choose a defence" in summary(undefended(), [], 0, over=False)


def test_who_knows_a_defence_can_also_do_as_one_who_does_not():
    told = summary(undefended(), trials((False, True), (True, True)), 2, over=False)
    assert "1 recovers" in told
    assert "1 from an aware one" in told


def test_what_was_stopped_is_said():
    partly = trials((True, True), (False, None))
    assert summary(undefended(), partly, 3, over=True).endswith("Not all of them finished.")
    assert "So far" not in summary(undefended(), partly, 3, over=True)
    assert "no defence has finished" in summary(undefended(), trials((None, None)), 1, over=True)


@pytest.mark.parametrize(
    ("unaware", "aware", "weaker"),
    [(0.5, 0.96, True), (0.9, 0.9, False), (0.96, 0.5, False)],
)
def test_an_adaptive_attack_that_leaves_more_is_weaker(unaware, aware, weaker):
    def held(left: float):
        after = SimpleNamespace(confidences=[1 - left, left])
        label = SimpleNamespace(index=1)
        return SimpleNamespace(
            outcome=DefenseOutcome.RECOVERED, label=label, after=after, success=False
        )

    pair = {Attacker.UNAWARE: held(unaware), Attacker.AWARE: held(aware)}
    assert is_weaker(pair) is weaker
    pair[Attacker.AWARE].outcome = DefenseOutcome.FOOLED
    assert not is_weaker(pair)


def test_nothing_is_counted_of_none():
    before, first = trials((None, None)), trials((True, None), (None, None))
    assert summary(undefended(), before, 1, over=False).startswith(
        "The undefended model is fooled;"
    )
    assert summary(undefended(), first, 2, over=False) == (
        "So far 1 of 1 recovers the picture from an unaware attacker."
    )


def test_where_nothing_was_lost_nothing_is_recovered():
    done = trials((True, True))
    assert "nothing to recover. Try a larger eps" in summary(
        undefended(success=False), done, 1, over=False
    )
    assert "larger" not in summary(undefended(success=False, eps=None), done, 1, over=False)
    assert summary(undefended(index=5), done, 1, over=False).startswith(
        "The model is wrong before any attack"
    )


def test_the_first_choice_shows_each_kind():
    assert set(QUICK) <= set(defenses.names())
    assert {defenses.get(name).kind for name in QUICK} == set(defenses.KINDS)
