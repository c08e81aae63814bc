"""The page Compare defences without a browser: both attackers, settings, refusals, votes, links."""

import json
import re

import pytest
from streamlit.testing.v1 import AppTest

from robust_core import attacks, defenses, zoo
from robust_core.dashboard import compared_defense, lab, request
from robust_core.dashboard.compare_defenses.selection import PICTURE, QUICK
from robust_core.dashboard.components import trust
from robust_core.dashboard.defense_choice import FEW
from robust_core.evaluation.flags import QUESTIONS
from robust_core.experiment.defended import Attacker
from robust_core.experiment.failure import KINDS
from tests.visiting import go_to, visit, without_any

PAGE = "pages/compare_defenses.py"
DIGITS = {
    "model": "digits-cnn",
    "picture_digits": "digits-test-3",
    "eps": "0.15",
    "pgd.steps": "4",
    "smoothing.n": "60",
    "smoothing.draws": "2",
}
OUTCOME = re.compile(
    r":\w+-badge\[:material/\w+: (Fooled|Recovered|Held|Wrong on[\w ]+|Target[\w ]+)\]"
)


def compare(*names: str, **query: str) -> AppTest:
    """The page on the digits model, which answers in milliseconds."""
    return visit(PAGE, **(DIGITS | {"defenses": ",".join(names)} | query))


def outcomes(page: AppTest) -> list[str]:
    """What came of the undefended model, then of each defence and attacker."""
    return [found[1] for m in page.markdown if (found := OUTCOME.match(m.value))]


def summary(page: AppTest) -> str:
    said = next(m.value for m in page.markdown if m.value.startswith("## "))
    return said.removeprefix("## ")


def clean(page: AppTest) -> list[str]:
    """What is said of the clean picture in each row."""
    return [c.value for c in page.caption if re.search(r"Clean: .*\d\u00a0m?s\b", c.value)]


def seen(page: AppTest) -> list[str]:
    """Files of the pictures, which are named by what is in them: clean, attacked, as defences see it."""
    return [image.proto.imgs[0].url for image in page.get("image")]


def finished(page: AppTest, count: int) -> AppTest:
    """All cells are there, with the clean picture, and nothing went wrong."""
    assert not page.exception
    assert not page.error
    assert len(outcomes(page)) == 1 + 2 * count
    assert len(page.get("image")) == 2 + 2 * count
    assert not any(c.value == "waiting" for c in page.caption)
    return page


def test_each_defence_has_a_cell_for_either_attacker():
    page = finished(compare("jpeg", "random-resize-pad", "smoothing"), 3)
    assert summary(page).startswith("Of 3 defences, ")
    assert len(clean(page)) == 4
    assert all("undefended)" in said for said in clean(page)[1:])
    words = " ".join(m.value for m in page.markdown)
    for name in ("jpeg", "random-resize-pad", "smoothing"):
        kind = defenses.get(name)
        for told in (kind.broken_by, kind.breaker.link, kind.unaware, kind.aware, kind.paper.link):
            assert told in words


def test_what_the_votes_and_the_seed_allow_is_said():
    query = {"attack": "square", "square.max_queries": "20", "smoothing.n": "9"}
    page = compare("random-resize-pad", "smoothing", **query)
    assert not page.exception
    told = [c.value for c in page.caption]
    assert sum("9 votes cannot give a certificate" in said for said in told) == 1
    assert (
        sum("learns from seed 0 of the defence's random draws alone" in said for said in told) == 4
    )


def test_on_a_first_visit_the_attack_is_pgd_and_the_quick_defences_are_chosen():
    page = visit(PAGE, model="digits-cnn")
    assert not page.exception
    assert page.selectbox(key="attack").value == "pgd"
    available = [n for n in QUICK if not defenses.create(n).refusal("digits-cnn")]
    assert page.session_state["defenses"] == available
    assert set(dict(page.query_params)) == {"model"}


def test_a_masked_defence_turns_red_before_an_attacker_who_knows_it(masked):
    lab.engine().forget()
    page = visit(
        PAGE,
        model="cifar10-resnet32",
        defenses="distilled",
        any_eps="True",
        eps255="8",
        **{"pgd.steps": "4"},
    )
    assert outcomes(finished(page, 1)) == ["Fooled", "Recovered", "Fooled"]
    assert summary(page).startswith("Of 1 defence, 1 recovers")
    assert summary(page).endswith("none from an aware one.")
    (said,) = [c.value for c in page.caption if "exactly zero" in c.value]
    assert "4 of 4 gradients" in said
    assert "Run with cross-entropy of the softmax output" in said
    lab.engine().forget()


def test_another_network_tells_what_it_costs_in_clean_accuracy():
    page = finished(compare("jpeg", "pgd-at"), 2)
    ours, theirs = (zoo.index()[f"digits-cnn{end}"]["accuracy"] for end in ("-pgd-at", ""))
    told = f"Clean accuracy {100 * ours:.1f} % on 450 scikit-learn digits test pictures "
    told += f"({100 * theirs:.1f} % undefended)"
    assert [told in caption for caption in clean(page)] == [False, False, True]


def test_a_certificate_of_a_wrong_class_says_that_it_is_wrong(monkeypatch):
    def told() -> bool:
        lab.engine().forget()
        page = compare("smoothing", **{"smoothing.sigma": "0.1"})
        assert not page.exception
        return any("not the picture's class" in m.value for m in page.markdown)

    assert not told()
    monkeypatch.setattr(request.Request, "label", property(lambda self: 0))  # it is a 3
    assert told()
    lab.engine().forget()


def test_a_model_that_is_wrong_before_the_attack_is_not_fooled(monkeypatch, nothing_kept):
    monkeypatch.setattr(request.Request, "label", property(lambda self: 0))  # it is a 3
    page = compare("jpeg", "pgd-at")
    assert not page.exception
    told = [m.value for m in page.markdown if "-badge[" in m.value]
    assert "Wrong before the attack" in told[0]
    assert sum("Wrong when clean" in each for each in told) == 4
    assert not any("Fooled" in each for each in told)
    assert summary(page).startswith("The model is wrong before any attack: it says")


def test_the_first_picture_is_this_pages_own_and_a_choice_elsewhere_holds_here(performed):
    page = visit(PAGE, defenses="jpeg")
    assert page.session_state["picture_cifar10"] == PICTURE
    assert "picture_cifar10" not in page.query_params
    go_to(page, "pages/attack.py")
    assert page.session_state["picture_cifar10"] == "chelsea"
    assert page.session_state["attack"] == "fgsm"
    page.selectbox(key="picture_cifar10").set_value("china").run()
    go_to(page, PAGE)
    assert page.session_state["picture_cifar10"] == "china"
    assert not page.exception


def test_numbers_and_the_way_to_repeat_them_are_below_the_cells():
    page = finished(compare("jpeg"), 1)
    (table,) = page.dataframe
    assert len(table.value) == 5
    page.session_state["defended"] = "Reproduce"
    page.run()
    assert not page.exception
    commands, address = (code.value for code in page.code)
    assert commands.count("python -m robust_core attack sample:digits-test-3") == 3
    assert "--defense jpeg --adaptive" in commands
    assert "compare_defences" in address or "defenses=jpeg" in address


def test_an_imagenet_model_starts_with_fewer_votes():
    page = visit(PAGE, model="imagenet-resnet50", defenses="smoothing")
    assert not page.exception
    assert page.number_input(key="smoothing.n").value == FEW["n"]
    assert page.number_input(key="smoothing.draws").value == FEW["draws"]
    page.selectbox(key="model").set_value("digits-cnn").run()
    assert page.number_input(key="smoothing.n").value == defenses.create("smoothing").n


def test_settings_act_live_and_travel_in_the_link():
    page = finished(compare("bit-depth"), 1)
    before = seen(page)
    page.number_input(key="bit-depth.bits").set_value(1).run()
    after = seen(finished(page, 1))
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, True, False, False]
    assert dict(page.query_params)["bit-depth.bits"] == "1"
    again = finished(visit(PAGE, **page.query_params), 1)
    assert again.number_input(key="bit-depth.bits").value == 1
    assert outcomes(again) == outcomes(page)


def test_a_number_with_few_choices_is_chosen_from_a_list():
    page = finished(compare("median"), 1)
    page.selectbox(key="median.width").set_value(3).run()
    finished(page, 1)
    assert dict(page.query_params)["median.width"] == "3"
    assert compare("median", **{"median.width": "3"}).selectbox(key="median.width").value == 3
    assert compare("median", **{"median.width": "7"}).selectbox(key="median.width").value == 2


def test_a_value_that_cannot_be_costs_that_row_alone():
    page = compare("jpeg", "smoothing", **{"smoothing.sigma": "0"})
    assert not page.exception
    assert len(outcomes(page)) == 3
    assert any("sigma must be a number above 0" in m.value for m in page.markdown)
    assert summary(page).startswith("Of 1 defence,")


def test_a_defence_that_the_model_lacks_says_so_where_it_is_chosen():
    page = compare("jpeg", "lambda-at")
    assert not page.exception
    assert len(outcomes(page)) == 3
    why = defenses.create("lambda-at").refusal("digits-cnn")
    assert any(why in m.value for m in page.markdown), "in its row"
    assert any(why in c.value for c in page.caption), "and below the choice"


def test_filters_and_smoothing_exist_for_every_model():
    for name in ("jpeg", "bit-depth", "median", "tv", "random-resize-pad", "smoothing"):
        assert not defenses.create(name).refusal("imagenet-resnet50")


def test_the_undefended_row_is_the_result_of_the_page_attack(performed):
    visit(None, **DIGITS, attack="pgd")
    finished(compare("jpeg"), 1)
    assert performed == ["pgd"]


def test_cells_come_from_the_cache_and_settings_survive_another_page(monkeypatch):
    page = finished(compare("jpeg", "median"), 2)
    query, before = dict(page.query_params), outcomes(page)
    monkeypatch.setattr(compared_defense, "trial", None)  # it would be called
    monkeypatch.setattr(compared_defense, "look", None)
    go_to(page, "pages/attack.py")
    assert not page.exception
    go_to(page, PAGE)
    assert outcomes(finished(page, 2)) == before
    assert dict(page.query_params) == query


def test_a_stopped_cell_can_be_run_again_and_the_others_stay(stopping):
    with stopping("Median filter"):
        page = compare("jpeg", "median", **{"pgd.steps": "300"})
    page.run()
    assert not page.exception
    # The unaware one's picture is there already: that cell may be ready before it can be stopped.
    stopped = [info.value.startswith("Stopped") for info in page.info]
    assert stopped in ([True], [True, True])
    assert len(outcomes(page)) == 5 - len(stopped)
    assert summary(page).endswith("Not all of them finished.")
    for _ in stopped:
        next(button for button in page.button if button.label == "Run it again").click().run()
    finished(page, 2)


def test_one_failure_does_not_take_the_other_cells_along(monkeypatch):
    true_trial = compared_defense.trial

    def trial(*args, **options):
        if options["attacker"] is Attacker.AWARE and args[3].name == "jpeg":
            raise RuntimeError("secret")
        return true_trial(*args, **options)

    monkeypatch.setattr(compared_defense, "trial", trial)
    lab.engine().forget()
    page = compare("jpeg", "median")
    assert not page.exception
    assert len(outcomes(page)) == 4
    (error,) = page.error
    assert "secret" not in error.value


def test_smoothing_shows_its_votes_and_holds_the_radius_beside_eps():
    page = finished(compare("smoothing"), 1)
    assert any(re.match(r"\*\*(Certified at|It abstains)", m.value) for m in page.markdown)
    assert any("an L2 length" in c.value and "up to 1.2 in L2" in c.value for c in page.caption)
    bars = json.loads(page.get("plotly_chart")[0].proto.spec)["data"]
    assert bars[0]["name"] == "clean"
    assert len(bars) == 3
    many = {"smoothing.n": "400"}
    tiny = finished(compare("smoothing", any_eps="True", eps255="0.25", **many), 1)
    assert any("stays, whatever the attack" in m.value for m in tiny.markdown)


@pytest.mark.parametrize("name", attacks.names(pair=True))
def test_attacks_on_model_and_detector_work_here_too(name):
    quick = {f"{name}.{field}": "3" for field in ("steps", "search_steps")}
    page = compare("jpeg", attack=name, **quick)
    assert not page.exception
    assert not page.error
    assert len(outcomes(page)) == 3


def test_a_goal_that_cannot_be_is_a_sentence():
    page = compare("jpeg", target_digits="9")
    assert not page.exception
    assert any(e.value.startswith("Target must be another class") for e in page.error)


def test_without_defences_the_page_says_what_to_do():
    page = without_any(compare("jpeg"), "defenses")
    assert "at least one defence" in page.info[0].value


@pytest.mark.parametrize(
    "query",
    [
        {"defenses": "<script>,jpeg"},
        {"jpeg.quality": "1e9"},
        {"jpeg.subsampling": "no"},
        {"jpeg.quality": "nan"},
        {"attack": "fame"},
    ],
)
def test_bad_links_fall_back_to_the_defaults(query):
    page = finished(compare("jpeg", **query), 1)
    assert page.number_input(key="jpeg.quality").value == 75
    assert not set(query) - {"defenses"} & set(page.query_params)


def test_an_old_link_still_selects_its_defences_and_is_written_anew():
    page = finished(visit(PAGE, **(DIGITS | {"defences": "jpeg"})), 1)
    assert page.session_state["defenses"] == ["jpeg"]
    assert page.query_params["defenses"] in ("jpeg", ["jpeg"])
    assert "defences" not in page.query_params


@pytest.mark.parametrize(("picture", "told"), [("coffee", True), ("chelsea", False)])
def test_a_picture_of_none_of_the_classes_is_told_which_there_are(picture, told):
    page = compare("median", model="cifar10-resnet32", attack="fgsm", picture_cifar10=picture)
    assert not page.exception
    lines = [c.value for c in page.caption if "this picture may show none of these" in c.value]
    assert len(lines) == told
    names = zoo.describe("cifar10-resnet32").class_names
    assert all(name in line for line in lines for name in names)


def test_flags_and_indicators_of_each_run_are_side_by_side():
    page = finished(compare("jpeg", "random-resize-pad", eps="0.01"), 2)
    page.session_state["defended"] = trust.TITLE
    page = page.run()
    assert not page.exception
    run = page.selectbox(key="trust_run")
    assert len(run.options) == 1 + 2 * 2

    def said() -> str:
        return "\n".join(m.value for m in page.markdown)

    assert all(f"**{question}**" in said() for question in QUESTIONS.values())
    assert all(f"**{kind.title}: " in said() for kind in KINDS.values())
    assert "No flag is raised" in said()
    assert "**Transfer failure: does not apply** The deployed model itself was attacked." in said()
    page = run.set_value("Random resize and pad, unaware attacker").run()
    assert "The model answers at random" in said()
    assert "fresh draws" in said()
    assert "Transfer failure: does not apply" not in said()


def test_a_cell_of_a_random_defence_tells_its_fresh_draws():
    page = finished(compare("jpeg", "random-resize-pad"), 2)
    told = [c.value for c in page.caption if "fresh draws of the defence" in c.value]
    assert len(told) == 2
    assert all(re.search(r"Reaches its goal in \d+ of 10 fresh draws", one) for one in told)
