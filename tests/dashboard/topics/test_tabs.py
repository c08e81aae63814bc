"""How defences work, and what broke them: each tab, its controls, and what it says of the classes."""

import re

import pytest
from streamlit.testing.v1 import AppTest

from robust_core import defenses, zoo
from robust_core.dashboard.topics import adversarial_training, arms_race
from robust_core.dashboard.topics.tabs import TABS
from robust_core.evaluation.defense_table import results
from robust_core.words.numbers import share

WORDS = ("‖w‖₁ =", "FGSM takes")


def page(model: str) -> None:
    from robust_core.dashboard.topics import tabs

    tabs.show_depth(model)


def visit(tab: str, model: str = "digits-cnn", **state) -> AppTest:
    test = AppTest.from_function(page, default_timeout=60, args=(model,))
    for key, value in ({"defense_depth": tab} | state).items():
        test.session_state[key] = value
    test.run()
    assert not test.exception
    return test


def said(test: AppTest) -> str:
    return "\n".join(element.value for element in (*test.markdown, *test.caption))


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_opens_and_only_that_one(tab):
    test = visit(tab)
    keys = {
        "Arms race": "published_bars",
        "Gradient masking": "masking_lines",
        "Distillation and saturation": "softmax_chart",
        "As a penalty": "penalty_curves",
        "PixelDP": "radius_curves",
    }
    charts = [chart.proto.id for chart in test.get("plotly_chart")]
    for other, key in keys.items():
        assert any(key in chart for chart in charts) == (other == tab)


def test_in_short_has_the_figures_of_the_committed_table():
    report = results.report()
    table, made = arms_race.in_short(report)
    for subject in ("pgd-at", "distilled temperature=100"):
        clean, robust = report.accuracy(subject), report.strongest(subject)
        assert f"| {share(clean.accuracy.value)} | {share(robust.accuracy.value)} |" in table
    assert report.command in made
    assert "%" not in arms_race.in_short(results.Report({}))[0]


def test_every_defence_is_in_the_race_with_what_broke_it():
    html = arms_race.race("digits-cnn")
    for name in defenses.names():
        defense = defenses.get(name)
        assert html.count(f"<b>{defense.title}</b>") == 1
        for paper in (defense.paper, defense.breaker):
            assert f"href='{paper.link}'" in html
            assert f"{paper.year}</a>" in html
    assert html.count("class=broken") == len(defenses.names())
    heads = re.findall("<h3>(.*?)</h3>", html)
    assert heads == [kind.capitalize() for kind in defenses.KINDS]


def test_what_does_not_exist_for_a_model_is_said():
    absent = sum(bool(defenses.create(n).refusal("digits-cnn")) for n in defenses.names())
    assert arms_race.race("digits-cnn").count("Not available for digits-cnn.") == absent
    assert arms_race.race("imagenet-resnet50").count("Not available for") > 0
    assert "<script>" not in arms_race.race("<script>")


def test_rounding_stops_one_who_does_not_know_it():
    text = said(visit("Gradient masking"))
    assert "exactly 0 at 100% of the pixels: still “4”" in text
    assert re.search(r"\(BPDA\): “[^4]”", text)


def test_the_scale_acts_live():
    test = visit("Gradient masking", mask_kind="Saturation")
    assert "still “4”. By dividing the logits by s" in said(test)
    test.select_slider(key="mask_s").set_value(1).run()
    assert re.search("exactly 0 at 0% of the pixels: “[^4]”", said(test))


def test_the_lambda_formula_as_printed_is_no_mean():
    assert adversarial_training.weighted_mean(0.3, printed=False) == pytest.approx(1)
    assert adversarial_training.weighted_mean(0.3, printed=True) == pytest.approx(32 / 20.8)
    assert adversarial_training.weighted_mean(1.0, printed=True) == pytest.approx(1)
    test = visit("Adversarial training", lambda_form="as printed")
    assert "**1.54**, which is not a mean" in said(test)
    test.slider(key="lambda_weight").set_value(0.5).run()
    assert "**1.33**" in said(test)


def test_without_eps_the_penalty_is_none():
    test = visit("As a penalty", penalty_eps=0.0)
    assert "FGSM takes 0.00 from each margin" in said(test)
    test.slider(key="penalty_eps").set_value(0.3).run()
    l1, taken = (float(re.search(f"{what} ([0-9.]+[0-9])", said(test))[1]) for what in WORDS)
    assert taken == pytest.approx(0.3 * l1, abs=0.02)


def test_less_probability_certifies_less():
    test = visit("PixelDP")
    values = {m.label: m.value for m in test.metric}
    assert values["noise σ"] == "0.761"
    assert values["certified at 0.3 by these ε, δ"].startswith("yes: 0.950 > 0.555")
    test.slider(key="dp_p").set_value(0.6).run()
    low = {m.label: m.value for m in test.metric}
    assert low["certified at 0.3 by these ε, δ"].startswith("no")
    assert float(low["largest radius, PixelDP"]) < float(values["largest radius, PixelDP"])
    assert low["noise σ"] == values["noise σ"]


def test_every_corner_of_the_sliders_gives_an_answer():
    for p in (0.5, 0.999):
        test = visit("PixelDP", dp_bound=1.0, dp_sensitivity=5.0, dp_eps=0.1, dp_delta=1e-6, dp_p=p)
        assert len(test.metric) == 4
    for gap in (1.0, 30.0):
        assert "At a gap of" in said(visit("Distillation and saturation", saturation_gap=gap))


def test_two_accuracies_of_one_defence_are_told_apart():
    entry = zoo.index()["cifar10-resnet32-pgd-at"]
    made = arms_race.in_short(results.report())[1]
    assert f"Adversarial training {share(entry['accuracy'])} of {entry['n_test']:,}" in made
    assert "the first 1,000 test pictures" in made
