"""The tab Why of the page Attack without a browser: three views, computed only when looked at."""

import pytest

from robust_core.dashboard.topics import why
from tests.visiting import ran, text, visit

FOOLED = {"model": "digits-cnn", "attack": "bim", "eps": "0.15", "depth": "Why"}


def look(page, view):
    page.session_state["depth"] = "Why"  # which AppTest does not keep
    next(group for group in page.button_group if group.label == "View").set_value(view)
    return ran(page.run())


def test_each_view_is_about_the_page_s_result():
    page = ran(visit("attack", **FOOLED))
    assert "random noise of the same size moves it by" in text(page)
    assert "digits-cnn, BIM, Linf, eps 0.15" in text(page)
    assert "**live**: 003-28" in text(page)
    assert len(page.get("plotly_chart")) == 1
    pictures = len(page.get("image"))
    page = look(page, "Where it looks")
    assert "Grad-CAM, ReLU(Σₖ αₖ Aᵏ), at layers.4: 64 feature maps of 4 × 4" in text(page)
    assert len(page.get("image")) == pictures + 4
    page = look(page, "Last features")
    assert "the answer changes at step" in text(page)
    assert "the first 450 of 450 digits test pictures" in text(page)
    assert len(page.get("plotly_chart")) == 1


def test_a_perceptron_says_why_it_has_no_map():
    page = ran(visit("attack", **FOOLED | {"model": "digits-mlp", "attack_why": "Where it looks"}))
    assert any("digits-mlp has no feature maps" in each.value for each in page.info)


@pytest.mark.parametrize("tab", ["Confidence", "Why"])
def test_nothing_is_computed_before_the_tab_is_open(tab, monkeypatch):
    drawn = []
    monkeypatch.setattr(why, "show", lambda *_, **__: drawn.append(1))
    ran(visit("attack", **FOOLED | {"depth": tab}))
    assert len(drawn) == (tab == "Why")
