"""The page Live training without a browser: one click, presets, links, what is kept, what is stopped."""

import json
import time
from dataclasses import fields, replace
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from robust_core import attacks
from robust_core.dashboard import lab
from robust_core.dashboard.live_training import (
    alpha,
    beside,
    charts,
    depth,
    gaps,
    markup,
    outcome,
    spot,
    training,
)
from robust_core.dashboard.live_training.words import PRESETS, WORDS, printed_sum
from robust_core.data import digits
from robust_core.engine import OutOfTime
from robust_core.training.live import train
from robust_core.training.live.control import control_of, train_control
from robust_core.training.live.train import METHODS, Plan, Trained
from robust_core.words.numbers import share
from tests import visiting
from tests.visiting import bodies, go_to, ran, text

PAGE = "pages/live_training.py"


@pytest.fixture(autouse=True)
def _small(few_digits, monkeypatch):
    """Few pictures, and nothing in the cache."""
    few_digits(train=64, test=40)
    monkeypatch.setattr(train, "WATCHED", 10)
    lab.engine().forget()
    yield
    lab.engine().forget()


def control_for(plan: Plan) -> beside.Beside:
    """The control, made by the core."""
    model = train_control(control_of(plan))
    return beside.Beside(model, "", "control", "Control: without the defence", beside.WITHOUT)


def changed(trained: Trained, **figures) -> Trained:
    """The same with other figures in the end."""
    return replace(trained, final=replace(trained.final, **figures))


def visit(**query: str) -> AppTest:
    return ran(visiting.visit(PAGE, **query))


def press(page: AppTest, key: str) -> AppTest:
    return ran(page.button(key=key).click().run())


def test_a_first_visit_offers_training_and_has_empty_charts():
    page = visit()
    assert page.button(key="live_train")
    assert "Press Train" in text(page)
    assert len(page.get("vega_lite_chart")) == 2
    assert not bodies(page, "livetable")
    assert not page.query_params


def test_one_click_trains_and_shows_what_the_core_gives():
    page = press(visit(live_epochs="1"), "live_train")
    trained, control = train.train_live(Plan(epochs=1)), control_for(Plan(epochs=1))
    base = train.measure(control.model, 0.15)
    names = ("Control: without the defence", "trained here")
    assert bodies(page, "livetable") == [markup.table(base, trained.final, names, masked=False)]
    assert outcome.sentence(trained, control, base) in text(page)
    assert "n = 40 test pictures" in text(page)
    assert len(page.get("plotly_chart")) == 2
    assert gaps.moved(base, trained.final, control.words) in text(page)
    assert "n = 64 training pictures, always the first ones, and the 40 test pictures" in text(page)
    assert sum("Adversarial" in i.caption for i in pictures(page)) == 2


def pictures(page: AppTest) -> list:
    return [image.proto.imgs[0] for image in page.get("image")]


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_sets_the_controls_and_trains(name, monkeypatch):
    seen = []
    monkeypatch.setattr(training, "train_live", lambda plan, **_: seen.append(plan))
    page = visit(live_alpha="0.9", live_seed="3")
    page.button(key=f"live_preset_{name}").click().run()
    plan = PRESETS[name].plan
    assert seen == [plan]
    assert page.session_state["live_method"] == plan.method
    every = {spec.name: getattr(plan, spec.name) for spec in fields(plan)}
    assert {name: page.session_state[f"live_{name}"] for name in every} == every


@pytest.mark.parametrize("method", METHODS)
def test_a_method_has_its_own_controls_and_words(method):
    page = visit(live_method=method)
    there = set(live_controls_of(page))
    assert there == set(METHODS[method])
    words = WORDS[method]
    assert words.shows in text(page)
    assert words.breaks in text(page)
    assert any(words.formula in each.value for each in page.latex)
    assert len(bodies(page, "liveloop")) == 1


def live_controls_of(page: AppTest) -> list[str]:
    """The names of the plan's fields that have a widget on the page."""
    keys = [w.key for kind in ("slider", "toggle") for w in page.get(kind)]
    keys += [w.key for w in page.get("button_group")]
    names = [key.removeprefix("live_") for key in keys if key and key.startswith("live_")]
    return [name for name in names if name in {n for own in METHODS.values() for n in own}]


def test_the_printed_form_of_the_lambda_loss_does_not_add_up():
    page = visit(live_method="lambda", live_weight="0.5")
    assert printed_sum(0.5) == pytest.approx(1 / 0.75)
    assert "1.33" in text(page)
    assert printed_sum(1.0) == 1


def test_a_link_restores_the_settings_and_junk_in_it_is_left_out():
    page = visit(live_method="pgd", live_eps="0.1", live_steps="2", live_epochs="nan")
    assert page.slider(key="live_eps").value == 0.1
    assert page.slider(key="live_steps").value == 2
    assert page.slider(key="live_epochs").value == Plan().epochs
    assert page.query_params == {
        "live_method": "pgd",
        "live_eps": "0.1",
        "live_steps": "2",
    }
    for bad in ("99", "-1", "x", "inf"):
        assert visit(live_eps=bad).slider(key="live_eps").value == Plan().eps


def test_a_reload_keeps_the_result_of_before_also_where_settings_have_changed(monkeypatch):
    page = press(visit(live_epochs="1"), "live_train")
    shown = bodies(page, "livetable")
    ran(page.slider(key="live_epochs").set_value(2).run())
    monkeypatch.setattr(training, "train_live", None)  # nothing is trained again
    address = dict(page.query_params)
    again = visit(**address)
    assert bodies(again, "livetable") == shown
    assert "This is the last training" in text(again)
    assert again.query_params == address


@pytest.mark.parametrize("name", ["0" * 64, "<script>"])
def test_a_link_to_a_training_that_is_gone_or_never_was_offers_training(name):
    page = visit(live_shown=name)
    assert "Press Train" in text(page)
    assert "is no longer kept" in text(page)
    assert not page.query_params


def test_the_name_of_another_result_shows_no_training():
    with lab.engine().submit("0" * 64, lambda _: "a result") as ticket:
        while not ticket.wait(1):
            pass
    page = visit(live_shown="0" * 64)
    assert "Press Train" in text(page)


def test_the_verdict_stands_first_among_the_results():
    page = press(visit(live_epochs="1"), "live_train")
    headings = [m.value for m in page.markdown if m.value.startswith("## ")]
    assert headings[0].startswith("## Under PGD it gets")
    assert headings[1] == f"## {WORDS['fgsm'].title}"


def test_a_result_stays_when_settings_change_and_over_a_visit_elsewhere(monkeypatch):
    page = press(visit(live_epochs="1"), "live_train")
    shown = bodies(page, "livetable")
    monkeypatch.setattr(training, "train_live", None)  # nothing is trained again
    ran(page.slider(key="live_alpha").set_value(0.25).run())
    assert bodies(page, "livetable") == shown
    assert "The settings have changed since" in text(page)
    go_to(page, "pages/detectors.py")
    page.switch_page(PAGE)
    ran(page.run())
    assert bodies(page, "livetable") == shown
    assert page.slider(key="live_alpha").value == 0.25


def test_what_took_too_long_is_said_and_can_be_run_again(monkeypatch):
    def slow(plan, **_):
        raise OutOfTime("The computation was stopped: it took longer than 120 seconds.")

    with monkeypatch.context() as patch:
        patch.setattr(training, "train_live", slow)
        page = visit(live_epochs="1")
        page.button(key="live_train").click().run()
        assert [error.value for error in page.error] == [
            "The computation was stopped: it took longer than 120 seconds."
        ]
        assert not bodies(page, "livetable")
    press(page, "live_train")
    assert len(bodies(page, "livetable")) == 1


def test_five_alphas_make_one_chart():
    page = press(visit(live_epochs="1"), "live_alphas")
    assert len(page.get("vega_lite_chart")) == 3
    assert "Linf eps 0.15" in text(page)
    trained = {a: train.train_live(Plan(alpha=a, epochs=1)).final for a in (0.0, 1.0)}
    rows = alpha.rows(trained)
    assert len(rows) == 6
    assert set(rows["line"]) == set(charts.ACCURACIES)


def test_the_sentence_names_what_happened():
    trained, control = train.train_live(Plan(epochs=1)), control_for(Plan(epochs=1))
    at = trained.final

    def said(**figures) -> str:
        return outcome.sentence(changed(trained, **figures), control, at)

    assert "Catastrophic overfitting" in said(fgsm=0.6, pgd=0.01, zero_gradients=0.0)
    assert "Gradient masking" in said(zero_gradients=0.9, masked=0.9)
    assert beside.WITHOUT in said(fgsm=0.7, pgd=0.6, zero_gradients=0.0)


def test_static_augmentation_is_told_by_old_copies_and_fresh_attacks():
    plan = Plan(method="static", epochs=1)
    at, base = train.train_live(plan).final, train.measure(control_for(plan).model, 0.15)

    def said(**figures) -> str:
        return outcome.old_and_fresh(base, replace(at, **figures))

    apart, close = said(old=0.9, pgd=0.1), said(old=0.9, pgd=0.85)
    for told in (apart, close):
        assert f"{share(base.old)} of the control" in told
        assert "90.0 % right" in told
    assert "10.0 % (PGD" in apart
    assert "adversarial training makes them again" in apart
    assert "close together" in close
    page = press(visit(live_method="static", live_epochs="1"), "live_train")
    assert outcome.old_and_fresh(base, at) in text(page)
    assert "old copies" in bodies(page, "livetable")[0]


def test_the_curves_hold_every_epoch_and_tell_lines_apart_without_colour():
    for method in ("fgsm", "distillation", "static"):
        plan = Plan(method=method, epochs=1)
        history = train.train_live(plan).history
        lines = charts.accuracy_lines(plan)
        rows = charts.accuracy_rows(history, plan)
        assert len(rows) == 2 * len(lines)
        assert rows["value"].between(0, 1).all()
        assert len(charts.loss_rows(history)) == 4
        looks = [(tuple(dash), marker) for _, dash, marker in lines.values()]
        assert len(set(looks)) == len(looks)
        form = json.dumps(charts.curves(lines, "share", ("epoch", 1), share=True))
        assert all(name in form for name in lines)


def test_the_control_is_trained_once_for_all_sizes_and_weights(monkeypatch):
    seen = []
    monkeypatch.setattr(
        beside,
        "train_control",
        lambda c, **_: seen.append(c) or train_control(c),
    )
    page = press(visit(live_epochs="1"), "live_train")
    page.slider(key="live_alpha").set_value(0.1)
    page.slider(key="live_eps").set_value(0.3)
    press(page, "live_train")
    assert seen == [control_of(Plan(epochs=1))]
    page.number_input(key="live_seed").set_value(5)
    press(page, "live_train")
    assert seen[1:] == [control_of(Plan(epochs=1, seed=5))]


def test_clean_training_claims_no_gain_of_a_defence():
    page = press(visit(live_method="clean", live_epochs="1"), "live_train")
    assert "no defence was trained" in text(page)
    assert "its own control" in text(page)
    assert "40 epochs" in text(page)
    assert beside.WITHOUT not in text(page)


def test_the_spot_follows_each_training_and_then_the_visitor():
    page = press(visit(live_epochs="1", live_eps="0.3"), "live_train")
    assert page.slider(key="spot_eps").value == 0.3
    assert not page.toggle(key="spot_naive").value
    assert "spot_eps" not in page.query_params
    ran(page.slider(key="spot_eps").set_value(0.05).run())
    ran(page.slider(key="live_alpha").set_value(0.2).run())
    assert page.slider(key="spot_eps").value == 0.05
    press(page, "live_train")
    assert page.slider(key="spot_eps").value == 0.3
    page.selectbox(key="live_method").set_value("distillation").run()
    press(page, "live_train")
    assert page.toggle(key="spot_naive").value


def test_a_link_counts_as_chosen():
    page = press(visit(live_epochs="1", live_eps="0.3", spot_eps="0.05"), "live_train")
    assert page.slider(key="spot_eps").value == 0.05
    assert page.query_params["spot_eps"] == "0.05"


def test_after_catastrophic_overfitting_fgsm_is_there_and_pgd_is_named(monkeypatch):
    monkeypatch.setattr(spot, "is_overfitted", lambda at: True)
    monkeypatch.setattr(outcome, "is_overfitted", lambda at: True)
    page = press(visit(live_epochs="1"), "live_train")
    assert page.selectbox(key="spot_attack").value == "fgsm"
    assert spot.BOTH in text(page)
    assert outcome.END_ONLY.split("{best}")[0] in text(page)


def test_the_picture_of_the_spot_tells_one_step_from_several(digits_model):
    """On a network that falls to both attacks there is none; on one that falls to several steps alone."""
    trained = SimpleNamespace(model=digits_model, plan=Plan(eps=0.3))
    assert spot.telling(trained) == 0
    trained.plan = Plan(eps=0.08)
    place = spot.telling(trained)
    images, labels = digits.load("test")
    image, label = images[place : place + 1], labels[place : place + 1]
    assert digits_model(image).argmax(1) == label
    fgsm, pgd = (
        attacks.create(name, eps=0.08)(digits_model, image, label) for name in ("fgsm", "pgd")
    )
    assert digits_model(fgsm).argmax(1) == label
    assert digits_model(pgd).argmax(1) != label


@pytest.mark.parametrize("method", METHODS)
def test_only_what_attacks_its_own_pictures_has_a_loop_in_a_loop(method):
    attacks_itself = method in ("fgsm", "pgd", "lambda")
    plan = Plan(method=method)
    title, meaning = depth.step_words(plan)
    assert ("Madry" in meaning) == ("loop in a loop" in title) == attacks_itself
    drawn = markup.flow(plan)
    assert ("Inner loop" in drawn) == ("Outer loop" in drawn) == attacks_itself
    assert ("Teacher" in drawn) == ("T = 100" in drawn) == (method == "distillation")
    assert "Inner" not in markup.flow(Plan(alpha=1.0)), "that is clean training"


def test_a_kept_training_is_said_to_be_kept_and_its_curves_grow_again(monkeypatch):
    drawn, rows = [], charts.loss_rows
    monkeypatch.setattr(training, "REPLAY", 0.0)
    monkeypatch.setattr(
        charts, "loss_rows", lambda history: drawn.append(len(history)) or rows(history)
    )
    first = press(visit(live_epochs="3"), "live_train")
    assert "Kept from" not in text(first)
    second = visit(live_epochs="3")
    drawn.clear()
    press(second, "live_train")
    assert "Kept from an earlier training" in text(second)
    assert drawn == [0, 1, 2, 3, 4]
    drawn.clear()
    ran(second.slider(key="live_alpha").set_value(0.2).run())
    assert drawn == [0, 4], "once for each press"
    assert "Kept from an earlier training" in text(second)


def test_what_was_drawn_before_a_stop_stays_and_is_said_to_be_unfinished(monkeypatch):
    history = train.train_live(Plan(epochs=1)).history

    def slow(plan, *, watch, **_):
        watch(history)
        time.sleep(0.3)
        raise OutOfTime("The computation was stopped: it took longer than 120 seconds.")

    drawn, rows = [], charts.loss_rows
    with monkeypatch.context() as patch:
        patch.setattr(training, "train_live", slow)
        page = visit(live_epochs="3")
        page.button(key="live_train").click().run()
        patch.setattr(charts, "loss_rows", lambda h: drawn.append(h) or rows(h))
        ran(page.run())
    assert drawn == [(), history]
    assert "Stopped after epoch 1 of 3" in text(page)
    assert "unfinished" in text(page)
    assert not bodies(page, "livetable")
    press(page, "live_again")
    assert len(bodies(page, "livetable")) == 1
