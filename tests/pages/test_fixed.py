"""Links that a teacher hands out: what they lock shows its value, what they hide is not there."""

import pytest
from streamlit.testing.v1 import AppTest

from robust_core.dashboard import lab
from robust_core.dashboard.first_principles.ideas import IDEAS
from robust_core.dashboard.natural_robustness.parts import TITLES as VARIED
from robust_core.dashboard.physical.parts import TITLES as PHYSICAL
from robust_core.dashboard.universal.choice import KINDS as UNIVERSAL
from tests.visiting import go_to, ran, text, visit

DIGITS = {"model": "digits-cnn", "source": "samples"}
OPENED = [
    (None, {"attack": "bim", "any_eps": "True", "area": "10%,10%,50%,50%;0%,0%,10%,10%"}),
    ("black_box", {"by_labels": "surfree", "target_digits": "7"}),
    ("challenges", {}),
    ("compare_attacks", {"attacks": "fgsm"}),
    ("compare_defenses", {"defenses": "jpeg"}),
    ("detectors", {}),
    ("evaluate", {}),
    *(("first_principles", {"idea": idea}) for idea in IDEAS),
    ("lessons", {}),
    ("live_training", {}),
    *(("natural_robustness", {"vary": part}) for part in VARIED),
    *(("physical", {"part": part}) for part in PHYSICAL),
    ("robustness_report", {"report_tabs": "Masking checklist"}),
    ("threat_models", {}),
    *(("universal", {"shared": kind}) for kind in UNIVERSAL),
    ("verify", {}),
]
"""Pages, and what a link opens there: together they show every control, but for those of a result."""
FOR = {"eps_typed": "eps255", "area_kind": "area"} | {f"area_{side}": "area" for side in "xywh"}
"""Controls that change another setting than that of their own name."""


def disabled(page, key: str) -> bool:
    return next(
        e for e in (*page.selectbox, *page.segmented_control, *page.toggle) if e.key == key
    ).disabled


def test_locked_controls_show_their_value_and_say_that_they_are_locked():
    page = ran(visit(None, **DIGITS, attack="pgd", eps="0.1", lock="eps,attack"))
    assert disabled(page, "attack")
    assert disabled(page, "eps")
    assert disabled(page, "any_eps")
    assert not disabled(page, "model")
    assert page.selectbox(key="attack").value == "pgd"
    assert page.selectbox(key="attack").label == ":material/lock: Attack"
    (told,) = [c.value for c in page.caption if "Locked by the link" in c.value]
    assert "Attack: PGD" in told
    assert "Epsilon: 0.1" in told
    assert page.query_params["lock"] == "eps,attack"


def test_a_lock_stays_on_the_compare_pages():
    page = ran(visit(None, **DIGITS, attack="pgd", eps="0.1", lock="eps,attack"))
    page = ran(go_to(page, "compare_defenses"))
    assert disabled(page, "attack")
    assert page.selectbox(key="attack").value == "pgd"
    assert page.segmented_control(key="eps").value == 0.1
    page = ran(go_to(page, "compare_attacks"))
    assert disabled(page, "eps")


def test_without_a_lock_nothing_is_locked():
    page = ran(visit(None, **DIGITS, attack="fgsm"))
    assert not disabled(page, "attack")
    assert "Locked by the link" not in text(page)


def test_hidden_tabs_and_sections_are_not_there():
    page = ran(visit(None, **DIGITS, hide="reproduce,strip"))
    assert "Reproduce" not in [tab.label for tab in page.tabs]
    assert any(".st-key-effects" in h.proto.body for h in page.get("html"))
    assert "which is no" not in text(page)
    shown = ran(visit(None, **DIGITS))
    assert "Reproduce" in [tab.label for tab in shown.tabs]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({"lock": "eps,colour"}, "asked to lock `colour`, which is not a control"),
        ({"hide": "Nothing such"}, "asked to hide `Nothing such`, which is not a tab or section"),
        ({"hide": "Equation", "depth": "Equation"}, "opens Equation and hides it"),
        ({"lock": "eps", "eps": "99"}, "asked for epsilon `99`"),
    ],
)
def test_unknown_and_contradictory_values_get_a_sentence(query, said):
    assert said in text(ran(visit(None, **DIGITS, **query)))


def test_a_locked_lesson_leads_to_no_other():
    page = ran(visit("lessons", lesson="2", step="6", lock="lesson"))
    assert page.segmented_control(key="lesson").disabled
    assert not [b for b in page.button if b.label.startswith("Lesson ")]


def test_a_locked_goal_locks_both_of_its_classes():
    page = ran(visit(None, **DIGITS, target_digits="source-target", lock="goal,detector"))
    boxes = {each.label: each for each in page.selectbox}
    for name in ("Make the model say", "Pictures of", "are to become", "Detector"):
        assert boxes[f":material/lock: {name}"].disabled, name
    page = ran(visit("live_training", lock="live_method"))
    assert next(each for each in page.selectbox if "Method" in each.label).disabled


def test_a_locked_picture_locks_its_source_and_every_family_s_sample():
    page = ran(visit(None, **DIGITS, picture_digits="digits-test-3", lock="picture"))
    assert page.segmented_control(key="source").disabled
    assert page.selectbox(key="picture_digits").disabled
    assert page.selectbox(key="picture_digits").value == "digits-test-3"
    assert not page.selectbox(key="attack").disabled
    assert not any("not a control" in each.value for each in page.info)


@pytest.mark.parametrize(("page", "query"), OPENED)
def test_no_control_changes_what_is_locked(page, query, monkeypatch):
    for compute in ("compute", "attempt"):  # the controls are there without any result
        monkeypatch.setattr(lab, compute, lambda *_, **__: None)
    assert_all_locked(page, query, visit(page, **DIGITS | query))


def test_no_control_of_the_attack_on_the_spot_changes_what_is_locked():
    query = {"live_method": "clean", "live_epochs": "1"}
    trained = visit("live_training", **query).button(key="live_train").click().run()
    assert "spot_naive" in trained.session_state["_pages"]
    assert_all_locked("live_training", dict(trained.query_params), trained)


def assert_all_locked(name: str | None, query: dict[str, str], free: AppTest) -> None:
    """A page by a link that locks all settings that it has while it is ``free``."""
    settings = free.session_state["_pages"]
    locked = ran(visit(name, **DIGITS | query, lock=",".join(settings)))
    keys = {each.key for each in ran(free).main if FOR.get(each.key, each.key) in settings}
    assert keys
    assert {each.key for each in locked.main if each.key in keys and each.disabled} == keys
