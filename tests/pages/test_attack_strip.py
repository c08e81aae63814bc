"""The strip of defences on the page Attack: after the picture, in short runs, and handed on as it is."""

from urllib.parse import parse_qsl

import pytest
from streamlit.testing.v1 import AppTest

from robust_core import defenses, zoo
from robust_core.dashboard import compared_defense, lab
from robust_core.dashboard.attack import strip
from robust_core.dashboard.attack.answers import QUESTION
from robust_core.dashboard.components import afterwards
from robust_core.engine import OutOfTime
from tests.visiting import bodies, go_to, ran, visit

COMPARE = "pages/compare_defenses.py"
DIGITS = {"model": "digits-cnn", "picture_digits": "digits-test-3", "eps": "0.15", "attack": "pgd"}
QUICK = DIGITS | {"pgd.steps": "4", "strip": "jpeg,median"}


@pytest.fixture(autouse=True)
def _nothing_kept(nothing_kept):
    pass


@pytest.fixture
def drawn(monkeypatch):
    """From now on the browser has drawn the page and asks for what was put off."""
    monkeypatch.setattr(strip, "PATIENCE", 30.0)
    return lambda: monkeypatch.setattr(afterwards, "is_due", lambda: True)


def heading(page: AppTest):
    (link,) = [p.proto for p in page.get("page_link") if "Compare]" in p.proto.label]
    return link


def cells(page: AppTest) -> str:
    (told,) = bodies(page, "defended")
    return told


def test_the_run_that_shows_the_picture_computes_nothing_for_it(monkeypatch):
    monkeypatch.setattr(compared_defense, "look", None)  # it would be called
    page = ran(visit(**QUICK))
    assert QUESTION in heading(page).label
    assert cells(page).count(f"<span class=missing>{strip.WAITING}</span>") == 4


def test_once_the_page_is_drawn_it_is_filled_and_compare_defences_opens_with_it(drawn, monkeypatch):
    page = visit(**QUICK)
    drawn()
    ran(page.run())
    assert "of 2 defences recover" in heading(page).label
    assert "once the attacker knows it." in heading(page).label
    assert "class=missing" not in cells(page)
    page.session_state["depth"] = "Reproduce"
    told = ran(page.run()).code[0].value
    assert [told.count(f"--defense {name}") for name in ("jpeg", "median")] == [2, 2]
    assert told.count("--adaptive") == 2
    carried = dict(parse_qsl(heading(page).query_string))
    expected = {k: v for k, v in QUICK.items() if k != "strip"}
    assert carried == expected | {"defenses": "jpeg,median"}
    monkeypatch.setattr(compared_defense, "trial", None)  # they would be called
    monkeypatch.setattr(compared_defense, "look", None)
    page.query_params.clear()
    page.query_params.update(carried)
    ran(go_to(page, COMPARE))
    assert any(m.value.startswith("## Of 2 defences") for m in page.markdown)


def test_its_settings_are_those_of_compare_defences_and_the_link_keeps_the_chips(drawn):
    page = visit(**QUICK, **{"jpeg.quality": "20"})
    assert page.query_params["strip"] in ("jpeg,median", ["jpeg,median"])
    assert page.query_params["jpeg.quality"] in ("20", ["20"])
    page.button_group(key="strip").set_value(["jpeg"]).run()
    assert page.query_params["strip"] in ("jpeg", ["jpeg"])
    drawn()
    ran(page.run())
    assert "of 1 defence recovers" in heading(page).label
    kept = go_to(page, COMPARE)
    assert kept.session_state["jpeg.quality"] == 20


def test_another_eps_ends_what_is_under_way_for_the_last_one(drawn, monkeypatch):
    left = []
    monkeypatch.setattr(lab.engine(), "withdraw", lambda *slot: left.append(slot[1]))
    page = visit(**QUICK)
    left.clear()
    page.run()
    assert left == []
    page.segmented_control(key="eps").set_value(0.5).run()
    assert left == [strip.KEY]


def test_what_fails_or_takes_too_long_is_not_tried_again(drawn, monkeypatch):
    def fail(*_, **__):
        tried.append(1)
        raise OutOfTime("too long")

    tried = []
    page = visit(**QUICK)
    monkeypatch.setattr(compared_defense, "trial", fail)
    drawn()
    ran(page.run())
    assert cells(page).count(strip.NOT_FINISHED) == 4
    ran(page.run())
    assert len(tried) == 4


@pytest.mark.parametrize(
    ("model", "lacking"),
    [
        ("cifar10-resnet32", set()),
        ("digits-cnn", set()),
        ("cifar10-resnet32-pgd-at", {"pgd-at"}),
        ("imagenet-resnet50", {"pgd-at", "smoothing"}),
    ],
)
def test_a_model_s_strip_begins_with_what_it_has(model, lacking):
    known = [n for n in strip.start(zoo.describe(model)) if not defenses.create(n).refusal(model)]
    assert known == [name for name in strip.START if name not in lacking]


def test_a_defence_that_the_model_lacks_is_said_and_not_counted(drawn):
    page = visit(**(QUICK | {"strip": "jpeg,distilled"}))
    drawn()
    ran(page.run())
    assert "of 1 defence recovers" in heading(page).label
    assert cells(page).count(strip.CANNOT_RUN) == 2
