"""The page Compare attacks without a browser: rows, order, filters, refusals, charts, links."""

import json
import re
from dataclasses import replace

import pyarrow as pa
import pytest
from streamlit.testing.v1 import AppTest

from robust_core import attacks, zoo
from robust_core.dashboard import lab, request
from robust_core.dashboard.compare_attacks.selection import QUICK
from robust_core.words import threat_model
from tests.visiting import go_to, visit, without_any

PAGE = "pages/compare_attacks.py"
DIGITS = {"model": "digits-cnn", "eps": "0.15"}
ROW = re.compile(r"\*\*(.+?)\*\* :\w+-badge")


def compare(*names: str, **query: str) -> AppTest:
    """The page on the digits model, which answers in milliseconds."""
    chosen = {"attacks": ",".join(names)} if names else {}
    return visit(PAGE, **(DIGITS | chosen | query))


def titles(page: AppTest) -> list[str]:
    """The finished rows, from top to bottom."""
    return [found[1] for m in page.markdown if (found := ROW.match(m.value))]


def names_to_titles(names) -> list[str]:
    return [attacks.get(name).title for name in names]


def summary(page: AppTest) -> str:
    (said,) = [m.value for m in page.markdown if m.value.startswith("## ")]
    return said.removeprefix("## ")


def table(page: AppTest):
    """All numbers, by attack."""
    return page.dataframe[0].value.set_index("Attack")


def finished(page: AppTest, count: int) -> AppTest:
    """All rows are there, with clean picture, and nothing went wrong."""
    assert not page.exception
    assert not page.error
    assert len(titles(page)) == count
    assert len(page.get("image")) == 1 + 2 * count
    assert f" of {count} attack" in summary(page)
    return page


def figure(page: AppTest) -> dict:
    return json.loads(page.get("plotly_chart")[-1].proto.spec)


def test_the_first_visit_has_a_row_for_each_quick_attack_as_they_are_taught():
    page = finished(visit(PAGE), len(QUICK))
    assert titles(page) == names_to_titles(n for n in attacks.local_names() if n in QUICK)
    assert not page.query_params
    numbers = table(page)
    assert numbers.loc["FGSM", "Linf"] == 2.0
    assert numbers.loc["BIM (L2)", "RMS"] <= 2.55


@pytest.mark.parametrize("name", attacks.local_names())
def test_each_registered_attack_can_be_chosen(name):
    quick = {f"{name}.{field}": value for field, value in (("steps", "3"), ("max_queries", "50"))}
    page = finished(compare(name, **quick), 1)
    assert titles(page) == names_to_titles([name])
    card = " ".join(m.value for m in page.markdown)
    for value, why in threat_model.threat_model(attacks.get(name), "untargeted").values():
        assert value in card
        assert why in card


def test_what_one_page_has_computed_is_there_on_the_other(performed):
    visit(None, **DIGITS, attack="pgd", **{"pgd.steps": "3"})
    finished(compare("fgsm", "pgd", **{"pgd.steps": "3"}), 2)
    assert sorted(performed) == ["fgsm", "pgd"]
    visit(None, **DIGITS, attack="fgsm")
    assert len(performed) == 2


def test_settings_survive_looking_at_the_other_page():
    page = visit(None, model="digits-cnn", attack="pgd")
    page.segmented_control(key="eps").set_value(0.15).run()
    go_to(page, PAGE)
    page.selectbox(key="sort").set_value("l2").run()
    query = dict(page.query_params)
    assert query == {"model": "digits-cnn", "eps": "0.15", "sort": "l2"}
    go_to(page, "pages/attack.py")
    assert not page.exception
    assert dict(page.query_params) == {"model": "digits-cnn", "attack": "pgd", "eps": "0.15"}
    go_to(page, PAGE)
    assert dict(page.query_params) == query
    finished(page, len(QUICK))


def test_parameters_of_the_other_page_and_of_links_count():
    numbers = table(finished(compare("pgd", "bim", **{"pgd.steps": "3"}), 2))
    assert numbers.loc["PGD", "Queries"] == 3
    assert numbers.loc["BIM", "Queries"] == 10
    metzen = compare("bim", **{"bim.schedule": "metzen", "bim.steps": "4"})
    assert table(metzen).loc["BIM", "Queries"] == 10


@pytest.mark.parametrize("sort", ["l2", "linf", "queries"])
def test_rows_are_sorted_smallest_first_also_after_a_change(sort):
    column = {"l2": "L2", "linf": "Linf", "queries": "Queries"}[sort]
    page = compare("bim-l2", "fgsm", "deepfool", "noise", sort=sort)
    for eps in (0.15, 0.1):
        page.segmented_control(key="eps").set_value(eps).run()
        shown = table(finished(page, 4)).loc[titles(page), column]
        assert list(shown) == sorted(shown)


def test_filters_leave_the_attacks_with_that_threat_model_and_name_the_others():
    page = compare("noise", "fgsm", "bim-l2", "deepfool")
    page.selectbox(key="only_distance").set_value("L2").run()
    assert titles(finished(page, 2)) == ["BIM (L2)", "DeepFool"]
    assert any(c.value == "2 of 4 chosen attacks left." for c in page.caption)
    (said,) = [c.value for c in page.caption if "Left out" in c.value]
    assert "Random noise, FGSM" in said
    page.selectbox(key="only_knowledge").set_value("none").run()
    assert not page.exception
    assert "None of the chosen" in page.info[0].value
    assert any(
        c.value.startswith("0 of 4 chosen attacks left. Set a filter back") for c in page.caption
    )
    page.selectbox(key="only_distance").set_value("any").run()
    assert titles(page) == ["Random noise"]


def test_the_filter_offers_in_words_what_the_page_can_choose():
    page = compare("fgsm")
    assert not any("chosen attack" in c.value for c in page.caption), "nothing is filtered yet"
    words = page.selectbox(key="only_goal").options
    assert words[:2] == ["any", "any other class"]
    assert words[1:] == list(threat_model.GOALS.values())
    assert not any("-" in word for word in words)


def test_a_row_that_rounding_undoes_says_so(monkeypatch):
    true_perform = request.perform
    monkeypatch.setattr(
        request,
        "perform",
        lambda *args, **options: replace(
            true_perform(*args, **options), success=True, success_exact=args[2].name != "bim"
        ),
    )
    lab.engine().forget()
    page = finished(compare("fgsm", "bim"), 2)
    lab.engine().forget()
    assert ["8 bits" in c.value for c in page.caption].count(True) == 1


def test_the_table_says_shares_as_the_rows_do():
    page = finished(compare("fgsm", "pgd"), 2)
    shares = [name for name in table(page) if name.startswith("Confidence")]
    assert len(shares) == 2
    assert table(page)[shares].stack().between(0, 1).all()
    shown = pa.ipc.open_stream(page.dataframe[0].proto.arrow_data.styler.display_values).read_all()
    words = shown.to_pandas()[shares]
    assert words.stack().str.endswith(" %").all()
    assert not words.stack().isin(["100 %", "0 %"]).any()


def test_without_attacks_the_page_says_what_to_do():
    page = without_any(compare("fgsm"), "attacks")
    assert "at least one" in page.info[0].value


def test_an_attack_without_eps_says_what_it_needed():
    page = compare("deepfool")
    (said,) = [c.value for c in page.caption if c.value.startswith("no eps")]
    assert "needed" in said
    assert "within 38.3/255" in said
    tight = compare("deepfool", any_eps="True", eps255="0.25")
    assert any("beyond 0.25/255" in c.value for c in tight.caption)
    assert summary(tight).startswith("0 of 1 ")


def test_a_refused_goal_gets_a_sentence_in_each_row():
    page = compare("fgsm", "bim")
    label = re.search(r"anything but \"?(\w+)", " ".join(c.value for c in page.caption))[1]
    page.selectbox(key="target_digits").set_value(label).run()
    assert not page.exception
    assert len([e for e in page.error if "another class" in e.value]) == 2


def test_parameters_that_do_not_go_together_cost_that_row_alone():
    page = compare("fgsm", "pgd", **{"pgd.restarts": "2", "pgd.random_start": "False"})
    assert not page.exception
    assert titles(page) == ["FGSM"]
    assert any("restarts must be 1" in m.value for m in page.markdown)


def test_one_failure_does_not_take_the_other_rows_along(monkeypatch):
    true_perform = request.perform

    def perform(*args, **options):
        if args[2].name == "bim":
            raise RuntimeError("secret")
        return true_perform(*args, **options)

    monkeypatch.setattr(request, "perform", perform)
    lab.engine().forget()
    page = compare("fgsm", "bim", "pgd")
    assert not page.exception
    assert titles(page) == ["FGSM", "PGD"]
    (error,) = page.error
    assert "secret" not in error.value


def test_a_stopped_row_can_be_run_again_and_the_others_stay(stopping):
    with stopping("BIM"):
        page = compare("fgsm", "bim", "pgd")
    page.run()
    assert not page.exception
    assert titles(page) == ["FGSM", "PGD"]
    assert "Stopped" in page.info[0].value
    next(button for button in page.button if button.label == "Run it again").click().run()
    finished(page, 3)


def test_confidence_against_eps_has_a_line_for_each_attack_with_an_eps():
    chosen = ("noise", "fgsm", "pgd-l2", "deepfool")
    page = compare(*chosen)
    page.session_state["compared"] = "Confidence against eps"
    page.run()
    assert not page.exception
    drawn = figure(page)["data"]
    lines = [trace["name"] for trace in drawn if "lines" in trace["mode"]]
    assert lines == names_to_titles(n for n in chosen if attacks.get(n).has_eps)
    assert [trace["name"] for trace in drawn if trace["mode"] == "markers"] == names_to_titles(
        ["deepfool"]
    )
    assert any(c.value.startswith("3 of 3 attacks") for c in page.caption)
    assert len(page.dataframe[0].value) > 10


def test_confidence_against_eps_needs_an_attack_with_an_eps():
    page = compare("deepfool")
    page.session_state["compared"] = "Confidence against eps"
    page.run()
    assert not page.exception
    assert not page.get("plotly_chart")


def test_decision_regions_go_along_any_row():
    page = compare("fgsm", "pgd", "deepfool")
    page.session_state["compared"] = "Decision regions"
    page.run()
    for name in ("fgsm", "deepfool"):
        page.selectbox(key="slice_of").set_value(name).run()
        assert not page.exception
        names = [trace.get("name") for trace in figure(page)["data"]]
        assert {"clean", "adversarial", "path of the attack"} <= set(names)
        assert any(
            attacks.get(name).title in c.value and "clipped" in c.value for c in page.caption
        )


def test_an_eps_of_zero_has_no_direction_to_look_along():
    page = compare("fgsm", any_eps="True", eps255="0.0")
    page.session_state["compared"] = "Decision regions"
    page.run()
    assert not page.exception
    assert not page.get("plotly_chart")


def test_a_link_restores_the_comparison():
    page = compare("fgsm", "bim")
    page.selectbox(key="sort").set_value("confidence").run()
    page.selectbox(key="only_scope").set_value("local").run()
    query = dict(page.query_params)
    assert query["attacks"] == "fgsm,bim"
    assert (query["sort"], query["only_scope"]) == ("confidence", "local")
    again = finished(visit(PAGE, **query), 2)
    assert titles(again) == titles(page)
    assert dict(again.query_params) == query


@pytest.mark.parametrize(
    "query",
    [{"attacks": "<script>,nope"}, {"sort": "x"}, {"only_goal": "fame"}, {"attacks": "a" * 999}],
)
def test_bad_links_fall_back_to_the_defaults(query):
    assert len(titles(visit(PAGE, **DIGITS, **query))) == len(QUICK)


@pytest.mark.parametrize(("picture", "told"), [("coffee", True), ("chelsea", False)])
def test_a_picture_of_none_of_the_classes_is_told_which_there_are(picture, told):
    page = compare("fgsm", model="cifar10-resnet32", picture_cifar10=picture)
    assert not page.exception
    lines = [c.value for c in page.caption if "this picture may show none of these" in c.value]
    assert len(lines) == told
    names = zoo.describe("cifar10-resnet32").class_names
    assert all(name in line for line in lines for name in names)
