"""Rows of the page Compare defences: what they ask for, when that changes, and what is said of all."""

from types import SimpleNamespace
from unittest.mock import Mock

import pytest
from streamlit.testing.v1 import AppTest

from robust_core import attacks, defenses
from robust_core.dashboard.compare_defenses.selection import (
    QUICK,
    ComparedDefense,
    is_weaker,
    summary,
)
from robust_core.experiment.defended import Attacker, DefenseOutcome


def row(request, name: str = "jpeg", **values) -> ComparedDefense:
    kind = defenses.get(name)
    return ComparedDefense.of(kind, kind(**values).parameters, request)


def test_the_clean_picture_is_looked_at_anew_for_another_defence_or_picture_alone(make_request):
    request = make_request("pgd")
    same = [make_request("pgd", eps=0.1), make_request("fgsm")]
    assert {row(r).key for r in same} == {row(request).key}
    others = [
        row(request),
        row(request, quality=74),
        row(request, "median"),
        row(request, "median", width=3),
        row(make_request("pgd", sample="digits-test-4")),
        ComparedDefense(defenses.Defense, request, None),
    ]
    assert len({other.key for other in others}) == len(others)


def test_everything_that_decides_a_cell_changes_its_key(make_request):
    request = make_request("pgd")
    rows = [
        row(request),
        row(request, quality=74),
        row(request, "median"),
        row(make_request("pgd", eps=0.1)),
        row(make_request("pgd", steps=3)),
        row(make_request("fgsm")),
        row(make_request("pgd", sample="digits-test-4")),
    ]
    keys = [each.trial_key(attacker) for each in rows for attacker in Attacker]
    assert len(set(keys)) == len(keys)
    assert row(make_request("pgd")).trial_key(Attacker.AWARE) == rows[0].trial_key(Attacker.AWARE)


def request_label(one: ComparedDefense) -> str:
    return one.request.chosen.true_label


def test_a_row_does_what_it_asks_for(make_request):
    one = row(make_request("pgd", steps=3))
    before = one.look(Mock())
    result = one.try_out(Attacker.AWARE, before, None, Mock())
    assert (result.defense, result.attacker, result.attack) == ("jpeg", Attacker.AWARE, "pgd")
    assert result.parameters["steps"] == 3
    assert result.before is before
    assert result.label.label == request_label(one), "the true class, which the data set tells"


def test_a_defence_that_is_not_there_and_a_value_that_cannot_be_are_sentences(make_request):
    request = make_request("pgd")
    absent = row(request, "lambda-at")
    assert absent.defense is None
    assert absent.refusal.startswith("lambda-at needs a trained network, digits-cnn-lambda-at;")
    wrong = ComparedDefense.of(defenses.get("smoothing"), {"sigma": 0.0}, request)
    assert wrong.defense is None
    assert wrong.refusal == "sigma must be a number above 0, at most 2; got 0.0."
    assert wrong.finished == (None, {})


@pytest.mark.parametrize("name", defenses.names())
@pytest.mark.parametrize("attack", attacks.names())
def test_every_attack_can_be_run_by_both_attackers_of_every_defence(make_request, name, attack):
    request = make_request(attack)
    one = ComparedDefense(defenses.get(name), request, defenses.create(name))
    for attacker in Attacker:
        run = one.run(attacker)
        assert run.norm == request.attack.norm
        assert run.parameters.get("eps") == request.attack.parameters.get("eps")
        words = one.words(attacker)
        assert words(1, run.observations).startswith(("step", "start"))
        if name == "smoothing":
            assert words(100, 500) == "vote 100 of 500"


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
    assert summary(undefended(), done, 3) == (
        "Of 3 defences, 2 recover the picture from an unaware attacker; 1 from an aware one."
    )
    assert "none from an aware one" in summary(undefended(), trials((True, False)), 1)
    wrong = dict.fromkeys(Attacker, SimpleNamespace(outcome=DefenseOutcome.WRONG))
    told = summary(undefended(), [*trials((True, False)), wrong], 2)
    assert told.endswith("none from an aware one. 1 is wrong without any attack.")
    partly = trials((True, True), (False, None), (None, None))
    assert summary(undefended(), partly, 3) == (
        "So far 1 of 2 recovers the picture from an unaware attacker; 1 of 1 from an aware one."
    )


def test_where_no_defence_is_chosen_none_is_counted():
    assert "Choose a defence" in summary(undefended(), [], 0)


def test_who_knows_a_defence_can_also_do_as_one_who_does_not():
    told = summary(undefended(), trials((False, True), (True, True)), 2)
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
    assert summary(undefended(), before, 1).startswith("The undefended model is fooled;")
    assert summary(undefended(), first, 2) == (
        "So far 1 of 1 recovers the picture from an unaware attacker."
    )


def test_where_nothing_was_lost_nothing_is_recovered():
    done = trials((True, True))
    assert "nothing to recover. Try a larger eps" in summary(undefended(success=False), done, 1)
    assert "larger" not in summary(undefended(success=False, eps=None), done, 1)
    assert summary(undefended(index=5), done, 1).startswith("The model is wrong before any attack")


def test_the_first_choice_holds_only_what_the_model_has_and_follows_it_until_somebody_chooses():
    def page() -> None:
        import streamlit as st

        from robust_core import zoo
        from robust_core.dashboard.compare_defenses.selection import choose_defenses

        choose_defenses(zoo.describe(st.session_state.get("name", "cifar10-resnet32")))

    shown = AppTest.from_function(page, default_timeout=30).run()
    assert not shown.exception
    assert set(shown.session_state["defenses"]) == set(QUICK)
    shown.session_state["name"] = "imagenet-resnet50"
    shown.run()
    assert not shown.exception
    available = [n for n in QUICK if not defenses.create(n).refusal("imagenet-resnet50")]
    assert shown.session_state["defenses"] == available
    assert len(available) == len(QUICK) - 2
    shown.session_state["defenses"] = ["jpeg"]
    shown.run()
    shown.session_state["name"] = "cifar10-resnet32"
    shown.run()
    assert shown.session_state["defenses"] == ["jpeg"]


def test_long_votes_say_before_they_run_what_they_cost(make_request):
    noisy = row(make_request("pgd", steps=4), "smoothing", n=100, draws=4)
    told = noisy.cost_ahead(SimpleNamespace(seconds=0.05))
    assert told.startswith("Takes up to 33 s here: 600 votes for three pictures, and 20 gradients")
    assert noisy.cost_ahead(SimpleNamespace(seconds=0.0001)) == "", "too short to be said"
    assert row(make_request("pgd")).cost_ahead(SimpleNamespace(seconds=9.0)) == ""


def test_the_first_choice_shows_each_kind():
    assert set(QUICK) <= set(defenses.names())
    assert {defenses.get(name).kind for name in QUICK} == set(defenses.KINDS)
