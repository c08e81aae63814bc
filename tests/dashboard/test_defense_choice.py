"""Choosing defences: what is chosen first, and the settings without their controls."""

from streamlit.testing.v1 import AppTest

from robust_core import defenses
from robust_core.dashboard.compare_defenses.selection import QUICK
from robust_core.dashboard.defense_choice import FEW


def test_the_first_choice_holds_only_what_the_model_has_and_follows_it_until_somebody_chooses():
    def page() -> None:
        import streamlit as st

        from robust_core import zoo
        from robust_core.dashboard.compare_defenses.selection import QUICK
        from robust_core.dashboard.defense_choice import choose_defenses

        name = st.session_state.get("name", "cifar10-resnet32")
        choose_defenses(zoo.describe(name), "defenses", QUICK)

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


def test_settings_without_controls_are_those_that_the_controls_had():
    def page() -> None:
        import streamlit as st

        from robust_core import defenses, zoo
        from robust_core.dashboard.defense_choice import choose_settings, kept_settings

        model = zoo.describe(st.session_state.get("name", "imagenet-resnet50"))
        read = kept_settings if st.session_state.get("kept") else choose_settings
        st.session_state["read"] = read(defenses.get("smoothing"), model)

    shown = AppTest.from_function(page, default_timeout=30).run()
    assert shown.session_state["read"] == defenses.create("smoothing", **FEW).parameters
    shown.number_input(key="smoothing.sigma").set_value(0.5).run()
    chosen = shown.session_state["read"]
    assert chosen["sigma"] == 0.5
    shown.session_state["kept"] = True
    shown.run()
    assert not shown.exception
    assert shown.session_state["read"] == chosen
