"""Black box: attacks by queries at once, live and stopped, the bill, the substitute, without a browser."""

import re
import threading
from contextlib import contextmanager

import pytest

from robust_core import attacks, zoo
from robust_core.dashboard import lab, together
from robust_core.dashboard.black_box import running, substitute
from robust_core.dashboard.together import Part
from robust_core.experiment.taught import teach
from tests.visiting import bodies, ran, text, visit, without_any

DIGITS = {"model": "digits-cnn"}


def headlines(page) -> list[str]:
    return [m.value for m in page.markdown if m.value.startswith("## ")]


def table(page):
    return page.dataframe[0].value


@pytest.mark.parametrize(("sees", "norms"), [("labels", "L2"), ("scores", "")])
def test_attacks_run_by_themselves_and_are_shown_with_their_bill(sees, norms, nothing_kept):
    page = ran(visit("black_box", **DIGITS, sees=sees, eps="0.1"))
    (stage,) = bodies(page, "curtained")
    shown = table(page)
    names = {name for name in attacks.local_names() if attacks.get(name).knowledge == sees}
    assert len(shown) == 3
    assert set(shown["Attack"]) <= {attacks.get(name).title for name in names}
    in_all = [int(said.split(" ")[0].replace(",", "")) for said in shown["In all"]]
    counted = int(re.search(r"<strong>([\d,]+)", stage)[1].replace(",", ""))
    assert counted == sum(in_all)
    assert all(0 < n <= 1000 for n in in_all)
    assert norms in headlines(page)[0]
    assert "With gradients" in [tab.label for tab in page.tabs]
    assert "python -m robust_core attack sample:" in "\n".join(c.value for c in page.code)


def test_price_and_rate_limit_change_the_bill_and_run_nothing_again(nothing_kept):
    page = ran(visit("black_box", **DIGITS, sees="scores", by_scores="square", eps="0.01"))
    misses = lab.engine().stats().misses
    before = table(page).iloc[0]
    page.session_state["query_price"] = 3.0
    page.session_state["query_rate"] = 1
    after = table(ran(page.run())).iloc[0]
    assert lab.engine().stats().misses == misses
    number = re.compile(r"[\d.,]+")
    cost = [float(number.search(row["Money"])[0]) for row in (before, after)]
    assert cost[1] == pytest.approx(2 * cost[0], abs=0.011)
    assert page.query_params["query_price"] == "3.0"


def test_a_link_restores_everything(nothing_kept):
    asked = DIGITS | {
        "sees": "scores",
        "by_scores": "simba",
        "black_box_queries": "2000",
        "query_rate": "600",
        "query_price": "0.25",
        "eps": "0.15",
    }
    page = ran(visit("black_box", **asked))
    assert {name: page.query_params[name] for name in asked} == asked
    assert "up to 2,000 queries for each attack, eps 0.15" in text(page)


def test_without_an_attack_it_says_what_to_do(nothing_kept):
    page = ran(visit("black_box", **DIGITS, by_labels="surfree"))
    assert "Choose at least one attack." in text(without_any(page, "by_labels"))


def test_slow_runs_say_their_cost_and_wait_for_the_button(monkeypatch, nothing_kept):
    monkeypatch.setattr(running, "AT_ONCE", 0.0)
    page = ran(visit("black_box", **DIGITS, by_labels="surfree"))
    assert "1 attack, up to 1,000 queries each: at most about" in text(page)
    assert not page.dataframe
    (begin,) = (each for each in page.button if each.label == "Ask the model")
    page = ran(begin.click().run())
    assert len(table(page)) == 1


@pytest.fixture
def stopped_at_its_first_look(monkeypatch):
    """``with stopped_at_its_first_look(name):`` the visitor stops an attack once its curve has begun.

    The attack waits for that with its next query: it cannot end before.
    """
    true_query, true_wait = running.query, together.breathe

    @contextmanager
    def stopped(name: str):
        pressed = threading.Event()

        def held(*args, show, **options):
            def shown_and_held(look) -> None:
                show(look)
                assert pressed.wait(20)

            return true_query(*args, show=shown_and_held, **options)

        def press(ticket) -> None:
            true_wait(ticket)
            if ticket.shown is not None:
                together.stop({name: Part(ticket.key, print, f"black box {name}")})
                pressed.set()

        with monkeypatch.context() as patch:
            patch.setattr(running, "query", held)
            patch.setattr(together, "breathe", press)
            yield

    return stopped


def test_what_was_stopped_keeps_its_curve_and_is_run_again_when_asked(
    stopped_at_its_first_look, nothing_kept
):
    with stopped_at_its_first_look("surfree"):
        page = ran(visit("black_box", **DIGITS, by_labels="surfree"))
    assert "Stopped: the curves are those of unfinished attacks." in text(page)
    assert not page.dataframe
    (stage,) = bodies(page, "curtained")
    assert 0 < int(re.search(r"<strong>([\d,]+)", stage)[1].replace(",", "")) < 1000
    page = ran(page.run())
    assert "Stopped:" in text(page)
    (again,) = (each for each in page.button if each.label == "Run it again")
    page = ran(again.click().run())
    assert len(table(page)) == 1


def test_the_substitute_is_taught_step_by_step(nothing_kept):
    page = ran(visit("black_box", **DIGITS, sees="transfer"))
    rounds = table(page)
    assert list(rounds["Labels"]) == ["100", "200", "400", "800", "1,000"]
    assert "1,000 labels and 0 gradients later, the copy agrees" in headlines(page)[0]
    agreement = [float(said.split(" ")[0]) for said in rounds["Agrees"]]
    assert agreement[-1] > agreement[0]
    (lessons,) = bodies(page, "lessons")
    assert lessons.count("<b>Round ") == 5
    assert "0 gradients given away" in bodies(page, "curtained")[0]
    assert "## Made on one network, sent to another" in headlines(page)


def test_without_the_test_set_the_substitute_says_what_to_do(nothing_kept):
    page = ran(visit("black_box", model="cifar10-resnet32", sees="transfer"))
    assert "is not on this computer" in text(page)
    assert "such as digits-cnn" in text(page)


def test_its_own_network_opens_with_a_model_whose_test_set_is_there(monkeypatch, nothing_kept):
    page = ran(visit("black_box", sees="transfer", black_box_queries="1000"))
    assert page.session_state["model"] == substitute.first_model() == "digits-cnn"
    assert "the copy agrees" in headlines(page)[0]


def test_a_class_to_reach_is_walked_to_from_a_picture_of_it(nothing_kept):
    asked = DIGITS | {"by_labels": "hopskipjump", "picture_digits": "digits-test-3"}
    page = ran(visit("black_box", **asked, target_digits="7"))
    (start,) = (box for box in page.selectbox if box.label == "Start from")
    assert start.value == "digits-test-9"
    assert 'into "7" at a distance' in headlines(page)[0]
    assert "Each starts from the picture chosen" in text(page)
    assert "--target 7 --start sample:digits-test-9" in "\n".join(c.value for c in page.code)
    noise = ran(start.select("noise").run())
    assert "Each starts from noise" in text(noise)
    assert "--start" not in "\n".join(c.value for c in noise.code)


def test_lessons_are_those_of_the_attack_and_ask_for_labels_alone():
    model = zoo.load("digits-cnn", "cpu")
    images, labels = zoo.spec("digits-cnn").record.pictures("test")
    attack = attacks.create("substitute", rounds=3, epochs=2, eps=0.2)
    seen, steps = [], []
    pixels = (images[3] * 255).round().byte().permute(1, 2, 0).numpy()
    held = images[:40], labels[:40]
    lessons = teach(
        model,
        attack,
        images[40:60],
        held,
        pixels,
        label=int(labels[3]),
        progress=lambda k, n: steps.append((k, n)),
        show=seen.append,
    )
    direct = list(attack.rounds_on(model, images[40:60]))
    assert [each.size for each in lessons] == [20, 40, 80]
    assert [each.queries for each in lessons] == [each.queries for each in direct]
    assert [each.gradients for each in lessons] == [0, 0, 0]
    assert [len(each) for each in seen] == [1, 2, 3]
    assert steps[-1][1] == 6
    assert len(substitute.rows(lessons)) == 6
    for lesson in lessons:
        assert 1 <= len(lesson.examples) <= 12
        assert (lesson.sent.numpy().astype(int) - pixels).__abs__().max() <= 51


def test_parts_run_together_and_one_that_fails_leaves_the_others(monkeypatch, nothing_kept):
    monkeypatch.setattr(lab, "session", lambda: "together")
    monkeypatch.setattr(lab.st, "session_state", {})
    both = threading.Barrier(2, timeout=20)
    drawn = []

    def meet(progress):
        both.wait()
        progress.show("half")
        return "whole"

    def fail(progress):
        raise ValueError("this does not go")

    parts = {
        "one": Part("one", meet, "one"),
        "two": Part("two", meet, "two"),
        "bad": Part("bad", fail, "bad"),
    }
    states = together.run(parts, lambda now: drawn.append({n: s.ended for n, s in now.items()}))
    assert [states[name].result for name in parts] == ["whole", "whole", None]
    assert states["bad"].refusal == "This does not go"
    assert all(drawn[-1].values())
    together.stop({"three": Part("three", meet, "three")})
    states = together.run({"three": Part("three", meet, "three")}, drawn.append)
    assert states["three"].refusal == "stopped"
