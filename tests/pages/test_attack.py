"""The page as its visitors use it, without a browser: every control, every refusal, every way back."""

import io
import re
from dataclasses import fields
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from robust_core import attacks, zoo
from robust_core.dashboard import lab
from robust_core.dashboard.attack.depth import TABS
from robust_core.dashboard.controls import EPS_CHOICES, from_255ths
from robust_core.dashboard.picture_input import STARTED
from robust_core.data import download
from robust_core.words.numbers import in_255ths
from robust_core.words.threat_model import threat_model
from robust_core.words.verdict import Verdict
from tests.visiting import go_to, ran, visit

SENTENCE = "## "


def sentence(page: AppTest) -> str:
    """The verdict in words."""
    (said,) = [m.value for m in page.markdown if m.value.startswith(SENTENCE)]
    return said.removeprefix(SENTENCE)


def pictures(page: AppTest) -> tuple[str, str, str]:
    """Addresses of clean, perturbation and adversarial; equal ones have equal content."""
    clean, change, adversarial = [image.proto.imgs[0].url for image in page.get("image")][-3:]
    return clean, change, adversarial


def conditions(page: AppTest) -> str:
    (line,) = [c.value for c in page.caption if "The attack should make it" in c.value]
    return line


def finished(page: AppTest) -> AppTest:
    """The page shows a whole result and nothing went wrong."""
    assert not page.exception
    assert not page.error
    assert len(set(pictures(page))) == 3
    assert re.search(r"\d %", sentence(page))
    assert len(page.metric) == 9
    return page


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


PHOTO = png(np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8))


def test_the_first_visit_shows_a_finished_example():
    page = finished(visit())
    assert any(outcome.value in m.value for outcome in Verdict for m in page.markdown)
    assert "more than 2/255" in sentence(page)
    assert "cifar10-resnet32, FGSM, eps 0.01 (2.6/255)" in conditions(page)
    assert not page.query_params


def test_each_eps_moves_picture_perturbation_and_sentence():
    page, seen = visit(), []
    for eps in EPS_CHOICES:
        page.segmented_control(key="eps").set_value(eps).run()
        finished(page)
        assert f"eps {eps:g} ({in_255ths(eps)})" in conditions(page)
        seen.append((sentence(page), *pictures(page)))
    sentences, clean, change, adversarial = (set(column) for column in zip(*seen, strict=True))
    assert len(clean) == 1
    assert len(sentences) == len(adversarial) == len(EPS_CHOICES)
    assert len(change) > 1


@pytest.mark.parametrize("eps", [0.15, 0.5])
def test_half_the_range_is_called_plain_to_see(eps):
    page = visit(eps=str(eps))
    assert any("flat grey" in c.value for c in page.caption) == (eps == 0.5)


def few(name: str) -> dict[str, int]:
    """Settings with which an attack is done at once."""
    least = {"steps": 3, "rounds": 3, "search_steps": 2, "targets": 2, "max_queries": 20}
    least |= {"draws": 2, "samples": 6, "epochs": 1}
    there = {field.name for field in fields(attacks.get(name))}
    return {f"{name}.{field}": value for field, value in least.items() if field in there}


@pytest.mark.parametrize("model", zoo.UNDEFENDED)
def test_each_attack_works_on_each_undefended_model(model):
    page = visit(model=model)
    for name in attacks.local_names():
        attack = attacks.get(name)
        page.selectbox(key="attack").set_value(name)
        for setting, value in few(name).items():
            page.session_state[setting] = value
        page.run()
        assert not page.exception
        assert not page.error
        assert re.search(r"\d %", sentence(page))
        eps = "eps 0.01" if attack.has_eps else "no eps"
        assert f"{model}, {attack.title}, {eps}" in conditions(page)


@pytest.mark.parametrize("name", ["deepfool", "deepfool-linf"])
def test_an_attack_without_eps_says_what_it_needed_and_what_was_allowed(name):
    page = finished(visit(attack=name, eps="0.5"))
    assert any("has no eps" in c.value for c in page.caption)
    (said,) = [c.value for c in page.caption if "It needed" in c.value]
    assert "you allowed 0.5 (127.5/255)" in said
    assert "stays within" in said
    assert ("in L2" in said) == (attacks.get(name).norm == "l2")
    assert not any("It needed" in c.value for c in visit().caption)


@pytest.mark.parametrize("name", attacks.local_names())
def test_every_field_of_an_attack_has_a_control(name):
    page = visit(attack=name, model="digits-cnn", **{k: str(v) for k, v in few(name).items()})
    held = {key for kind in (page.selectbox, page.number_input, page.toggle) for key in keys(kind)}
    plain = (field for field in fields(attacks.get(name)) if field.metadata["method"] is None)
    wanted = {field.name for field in plain} - {"eps"}
    held -= {f"{name}.schedule"}
    assert {key.removeprefix(f"{name}.") for key in held if key.startswith(f"{name}.")} == wanted


def keys(widgets) -> list[str]:
    return [widget.key for widget in widgets]


def test_any_value_opens_a_slider_at_the_field_s_own_eps():
    page = visit()
    page.toggle(key="any_eps").set_value(True).run()
    assert "no pixel moved by more than 8/255" in sentence(finished(page))
    page.slider(key="eps255").set_value(3.25).run()
    assert "eps 0.0127 (3.3/255)" in conditions(finished(page))
    page.toggle(key="any_eps").set_value(False).run()
    assert "more than 2/255" in sentence(finished(page))


def test_an_eps_can_be_typed_and_slider_field_and_link_stay_in_step():
    page = visit(any_eps="True", model="digits-cnn")
    assert page.number_input(key="eps_typed").value == 8 / 255
    page.number_input(key="eps_typed").set_value(0.03).run()
    assert page.slider(key="eps255").value == 7.65
    assert page.number_input(key="eps_typed").value == 0.03
    assert page.query_params["eps255"] == "7.65"
    assert page.session_state["_last"][0].parameters["eps"] == 0.03, "exactly what was typed"
    restored = visit(**page.query_params)
    assert restored.number_input(key="eps_typed").value == 0.03
    assert restored.session_state["_last"][0].parameters["eps"] == 0.03
    page.slider(key="eps255").set_value(16.0).run()
    assert page.number_input(key="eps_typed").value == 16 / 255
    assert page.session_state["_last"][0].parameters["eps"] == 16 / 255
    page.toggle(key="any_eps").set_value(False).run()
    page.toggle(key="any_eps").set_value(True).run()
    assert page.number_input(key="eps_typed").value == 16 / 255


@pytest.mark.parametrize("typed", [0.0, 0.001, 0.01, 0.03, 0.1, 0.123456, 0.25])
def test_a_typed_eps_comes_back_from_255ths_exactly(typed):
    assert from_255ths(round(255 * typed, 6)) == typed


@pytest.mark.parametrize("steps", [0.25, 1, 2, 8, 16, 64])
def test_whole_255ths_stay_what_they_are(steps):
    assert from_255ths(steps) == steps / 255


def test_an_eps_of_zero_changes_nothing():
    page = visit(any_eps="True", eps255="0.0")
    assert not page.exception
    assert not page.error
    assert "nothing was changed" in sentence(page)


def test_an_l2_attack_shows_both_readings_of_eps():
    line = conditions(finished(visit(attack="pgd-l2", eps="0.1")))
    assert "root mean square" in line
    assert f"L2 radius of {0.1 * (3 * 32 * 32) ** 0.5:.3g}" in line


def test_a_target_is_named_and_reached_by_a_strong_attack():
    page = visit(attack="pgd", eps="0.1")
    page.selectbox(key="target_cifar10").set_value("ship").run()
    assert "ship" in sentence(finished(page))
    assert "the target" in sentence(page)


def test_the_least_likely_class_is_a_target():
    page = visit(attack="pgd", eps="0.1", target_cifar10="least-likely")
    assert "target" in sentence(finished(page)).lower()


def test_less_confidence_is_a_goal_with_a_control():
    page = visit(attack="bim", target_digits="confidence-reduction", model="digits-cnn", eps="0.1")
    assert "20 points less was wanted" in sentence(finished(page))
    page.slider(key="less_drop").set_value(60).run()
    assert "60 points less was wanted" in sentence(finished(page))
    page.segmented_control(key="less").set_value("threshold").run()
    assert "50 % or less was wanted" in sentence(finished(page))
    assert page.query_params["less"] == "threshold"
    page.selectbox(key="target_digits").set_value("untargeted").run()
    assert "wanted" not in sentence(finished(page))
    assert "less" not in keys(page.segmented_control)


def test_only_the_goals_that_an_attack_takes_are_offered(monkeypatch):
    monkeypatch.setattr(attacks.BIM, "goals", ("untargeted", "least-likely"))
    page = visit(attack="fgsm", target_cifar10="ship")
    assert page.selectbox(key="target_cifar10").value == "ship"
    page.selectbox(key="attack").set_value("bim").run()
    offered = page.selectbox(key="target_cifar10")
    assert offered.options == ["any other class", "the least likely class"]
    assert offered.value == "untargeted"
    finished(page)


def test_a_schedule_of_a_paper_sets_steps_and_their_length():
    page = visit(attack="bim", any_eps="True", eps255="8.0")
    page.selectbox(key="bim.schedule").set_value("kurakin").run()
    assert "10 steps" in conditions(finished(page))
    assert page.number_input(key="bim.step_size").value == 1 / 255
    assert page.number_input(key="bim.step_size").disabled
    page.slider(key="eps255").set_value(16.0).run()
    assert "20 steps" in conditions(finished(page))
    page.selectbox(key="bim.schedule").set_value("metzen").run()
    assert "10 steps" in conditions(finished(page))
    page.selectbox(key="bim.schedule").set_value("own").run()
    assert not page.number_input(key="bim.steps").disabled
    assert page.number_input(key="bim.steps").value == 10


def test_the_threat_model_is_a_card_of_five_lines():
    page = visit(attack="deepfool")
    page.session_state["depth"] = "Threat model"
    page.run()
    (card,) = [m.value for m in page.markdown if "**knowledge**" in m.value]
    for axis, (value, why) in threat_model(attacks.get("deepfool"), "untargeted").items():
        assert f"**{axis}**: {value}. {why}" in card


def test_the_picture_s_own_class_as_target_gets_a_sentence_and_keeps_the_result():
    page = visit()
    before = pictures(page)
    own = re.search(r"anything but (.+) \(", conditions(page))[1]
    page.selectbox(key="target_cifar10").set_value(own).run()
    assert not page.exception
    (error,) = page.error
    assert "another class" in error.value
    assert pictures(page) == before


def test_parameters_reach_the_attack_and_wrong_ones_get_a_sentence():
    page = visit(attack="pgd")
    page.number_input(key="pgd.steps").set_value(3).run()
    assert "3 steps" in conditions(finished(page))
    page.toggle(key="pgd.random_start").set_value(False).run()
    before = pictures(finished(page))
    page.number_input(key="pgd.restarts").set_value(2).run()
    assert not page.exception
    assert "restarts must be 1" in page.error[0].value
    assert pictures(page) == before, "the former result is lost"


def test_an_emptied_number_is_the_default_again():
    page = visit(attack="pgd", **{"pgd.steps": "3"})
    page.number_input(key="pgd.steps").set_value(None).run()
    assert "20 steps" in conditions(finished(page))


def test_the_seed_decides_a_random_start():
    first = visit(attack="noise", eps="0.1")
    again = visit(attack="noise", eps="0.1")
    other = visit(attack="noise", eps="0.1", **{"noise.seed": "1"})
    assert pictures(first) == pictures(again) != pictures(other)


@pytest.mark.parametrize(
    "query",
    [
        {"eps": "99"},
        {"eps": "nan"},
        {"attack": "nope"},
        {"model": "../../etc/passwd"},
        {"picture_cifar10": "cifar10-test-0"},
        {"target_cifar10": "<img src=x onerror=alert(1)>"},
        {"any_eps": "maybe", "eps255": "inf"},
        {"source": "ftp"},
        {"fit": "stretch"},
        {"fgsm.loss": "hinge", "pgd.steps": "-1"},
        {"_session": "x", "_stopped": "y", "_last": "z"},
    ],
    ids=lambda query: next(iter(query)),
)
def test_bad_links_fall_back_to_the_first_example(query):
    page = finished(visit(**query))
    assert "cifar10-resnet32, FGSM, eps 0.01" in conditions(page)
    assert sentence(page) == sentence(visit())


@pytest.mark.parametrize("raw", ["1e9", "0", "-3", "nan", "inf", "1e308", "x"])
@pytest.mark.parametrize("field", ["steps", "step_size", "seed"])
def test_bad_parameters_in_a_link_never_break_the_page(field, raw):
    page = visit(attack="bim-l2" if field != "seed" else "noise", **{f"bim-l2.{field}": raw})
    assert not page.exception
    assert page.error or len(pictures(page)) == 3


def test_a_link_restores_every_setting():
    query = {
        "model": "digits-cnn",
        "attack": "pgd",
        "eps": "0.15",
        "pgd.steps": "5",
        "pgd.seed": "3",
        "target_digits": "7",
    }
    page = visit()
    page.selectbox(key="model").set_value("digits-cnn").run()
    page.selectbox(key="attack").set_value("pgd").run()
    page.segmented_control(key="eps").set_value(0.15)
    page.number_input(key="pgd.steps").set_value(5)
    page.number_input(key="pgd.seed").set_value(3)
    page.selectbox(key="target_digits").set_value("7").run()
    assert dict(page.query_params) == query
    restored = finished(visit(**query))
    assert sentence(restored) == sentence(page)
    assert pictures(restored) == pictures(page)


def test_a_sample_is_chosen_and_credited():
    page = visit()
    before = pictures(page)
    page.selectbox(key="picture_cifar10").set_value("flower").run()
    assert pictures(finished(page))[0] != before[0]
    assert any("CC BY 2.0" in c.value for c in page.caption)


def test_a_picture_of_another_shape_is_cropped_or_squashed():
    page = visit()
    cropped = pictures(page)[0]
    page.segmented_control(key="fit").set_value("squash").run()
    assert pictures(finished(page))[0] != cropped


def test_a_data_set_picture_brings_its_label():
    page = finished(visit(model="digits-cnn", eps="0.15"))
    assert conditions(page).endswith("(the label of the digits test set).")
    assert "fit" not in keys(page.segmented_control), "it has the model's own size"


@pytest.mark.parametrize("name", ["a.jfif", "a.jpe", "no ending", "a.txt"])
def test_an_upload_is_judged_by_its_content(name):
    page = finished(visit(source="upload"))
    page.file_uploader(key=f"upload_{STARTED}").upload(name, PHOTO, "image/jpeg").run()
    assert "the model's own prediction" in conditions(finished(page))


def test_a_heic_picture_gets_its_sentence_and_phones_are_not_asked_for_one():
    page = finished(visit(source="upload"))
    uploader = page.file_uploader(key=f"upload_{STARTED}")
    assert not any("hei" in kind or kind == "image/*" for kind in uploader.proto.type)
    heic = bytes([0, 0, 0, 24]) + b"ftypheic" + bytes(400)
    uploader.upload("a.heic", heic, "image/heic").run()
    assert not page.exception
    assert "Export it as JPEG" in page.error[0].value


def test_an_upload_is_attacked_and_its_label_is_the_prediction():
    page = visit(source="upload")
    sample = pictures(finished(page))
    page.file_uploader(key=f"upload_{STARTED}").upload("a.png", PHOTO, "image/png").run()
    assert not page.exception
    assert pictures(page)[0] != sample[0]
    told, _, classes = conditions(page).partition("(the model's own prediction). ")
    assert told
    assert classes.startswith("The model knows only airplane, automobile, bird")


def test_what_is_made_of_a_visitors_own_picture_is_theirs_alone_and_dropped_with_them(performed):
    def visitor() -> AppTest:
        page = visit(source="upload", attack="fgsm", eps="0.1")
        return page.file_uploader(key=f"upload_{STARTED}").upload("a.png", PHOTO, "image/png").run()

    mine, yours = visitor(), visitor()
    assert pictures(mine) == pictures(yours)
    assert performed == ["fgsm"] * 3, "the sample is shared; the photograph is attacked for each"
    kept = lab.engine().stats().cache_bytes
    lab.engine().forget(mine.session_state["_session"])
    assert lab.engine().stats().cache_bytes < kept
    mine.run()
    yours.run()
    assert performed == ["fgsm"] * 4


HOSTILE = {
    "text": b"This is no picture at all. " * 99,
    "empty": b"",
    "cut off": PHOTO[:900],
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "too many bytes": PHOTO + bytes(20 * 2**20),
    "too many pixels": png(np.zeros((9000, 9000), dtype=bool)),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_file_gets_a_sentence_and_the_result_stays(kind):
    page = visit(source="upload")
    before = pictures(page)
    page.file_uploader(key=f"upload_{STARTED}").upload("a.png", HOSTILE[kind], "image/png").run()
    assert not page.exception
    (error,) = page.error
    assert error.value.endswith(".")
    assert pictures(page) == before
    page.file_uploader(key=f"upload_{STARTED}").upload("b.png", PHOTO, "image/png").run()
    assert pictures(finished_with_preview(page))[0] != before[0]


def test_a_file_that_is_gone_stays_in_use_until_it_is_forgotten():
    page = visit(source="upload")
    sample = pictures(finished(page))
    uploader = page.file_uploader(key=f"upload_{STARTED}")
    mine = pictures(uploader.upload("a.png", PHOTO, "image/png").run())
    assert "Forget it" not in [button.label for button in page.button], "the file is listed"
    page.file_uploader(key=f"upload_{STARTED}").set_value(None).run()
    assert pictures(page) == mine
    assert "Meanwhile your last picture is used." in [caption.value for caption in page.caption]
    page.button(key="forget_upload").click().run()
    assert pictures(finished(page)) == sample
    assert "Meanwhile the sample picture is used." in [caption.value for caption in page.caption]


def finished_with_preview(page: AppTest) -> AppTest:
    assert len(page.get("image")) == 4
    return finished(page)


@pytest.mark.parametrize("source", ["samples", "upload"])
def test_the_link_that_restores_the_settings_is_shown(source):
    page = visit(source=source, model="digits-cnn", attack="bim", eps="0.15")
    if source == "upload":
        page.file_uploader(key=f"upload_{STARTED}").upload("a.png", PHOTO, "image/png")
    page.session_state["depth"] = "Reproduce"
    page.run()
    assert not page.exception
    _, link = [code.value for code in page.code]
    asked = dict(parse_qsl(urlsplit(link).query))
    assert asked == dict(page.query_params)
    assert {"model": "digits-cnn", "attack": "bim", "eps": "0.15"}.items() <= asked.items()
    own = [c.value for c in page.caption if "not your picture" in c.value]
    assert bool(own) == (source == "upload")


def test_what_was_computed_is_not_computed_again(performed):
    page = visit(attack="pgd")
    first = pictures(page)
    page.segmented_control(key="eps").set_value(0.1).run()
    assert len(performed) == 2
    page.segmented_control(key="eps").set_value(0.01).run()
    assert pictures(finished(page)) == first
    assert pictures(visit(attack="pgd")) == first, "another session shares the cache"
    assert len(performed) == 2


def test_a_stopped_run_keeps_the_former_result_and_can_be_run_again(monkeypatch):
    page = visit()
    before = pictures(page)
    lab.engine().forget()
    with monkeypatch.context() as patch:
        patch.setattr(lab, "_wait", lambda ticket, slot, what, *_: lab._stop(*what))
        page.segmented_control(key="eps").set_value(0.7).run()
    page.run()
    assert not page.exception
    assert "Stopped" in page.info[0].value
    assert pictures(page) == before
    again = next(button for button in page.button if button.label == "Run it again")
    again.click().run()
    assert "178/255" in sentence(finished(page))


def test_a_model_that_cannot_be_downloaded_offers_the_way_back(monkeypatch):
    tries = []

    def offline(name, progress):
        tries.append(name)
        raise zoo.ZooError(f"The weights of {name} could not be downloaded.")

    monkeypatch.setattr(zoo, "load_with_progress", offline)
    page = visit(model="imagenet-resnet50")
    page.run()
    assert not page.exception
    assert not tries, "a link starts no download"
    next(button for button in page.button if button.label.startswith("Download")).click().run()
    assert "could not be downloaded" in page.error[0].value
    page.run()
    assert tries == ["imagenet-resnet50"], "only another click tries again"
    back = next(button for button in page.button if button.label == "Use the bundled model")
    back.click().run()
    assert "imagenette-resnet," in conditions(finished(page)), "for photographs, too"


def test_a_failed_download_of_data_is_told_once_and_not_repeated(monkeypatch):
    tries = []

    def offline(record, **options):
        tries.append(record.name)
        raise ValueError("www.example.org cannot be reached.")

    monkeypatch.setattr(download, "fetch", offline)
    page = visit()
    get = next(button for button in page.button if button.label.startswith("Get the CIFAR-10"))
    get.click().run()
    assert page.error[0].value == "www.example.org cannot be reached.", "an address has no capital"
    order = [element.type for element in page.main]
    assert order.index("error") < order.index("image"), (
        "it is on the first screen, above the pictures"
    )
    assert len(set(pictures(page))) == 3
    page.segmented_control(key="eps").set_value(0.1).run()
    finished(page)
    assert tries == ["cifar10"]


def test_a_download_whose_data_is_gone_again_is_offered_again(monkeypatch):
    tries = []
    monkeypatch.setattr(download, "fetch", lambda record, *, progress: tries.append(record) or True)
    page = visit()
    for count in (1, 2):  # a disk may lose what it got; a page that waits for it would never end
        (get,) = [button for button in page.button if button.label.startswith("Get the CIFAR-10")]
        page = ran(get.click().run())
        assert len(tries) == count


def test_data_that_may_not_be_read_is_said_and_the_page_works(forbidden, monkeypatch):
    monkeypatch.setenv("ROBUST_DATA", str(forbidden))
    page = finished(visit())
    (told,) = [warning.value for warning in page.warning]
    assert told.startswith(f"CIFAR-10 cannot be read: {forbidden}")
    assert not [button for button in page.button if button.label.startswith("Get the CIFAR-10")]


def test_reproduction_has_the_command_and_a_link():
    page = visit(attack="pgd", eps="0.1")
    page.session_state["depth"] = "Reproduce"
    page.run()
    command, address = (code.value for code in page.code)
    assert command.startswith("python -m robust_core attack sample:chelsea")
    assert "--eps 0.1" in command
    assert "attack=pgd" in address


def test_a_line_leads_to_the_defences_with_everything_as_it_is_set():
    page = visit(eps="0.1", target_cifar10="dog")
    (link,) = [p.proto for p in page.get("page_link") if "Compare]" in p.proto.label]
    assert link.page == "compare_defences"
    carried = dict(parse_qsl(link.query_string))
    assert carried == {
        "model": "cifar10-resnet32",
        "picture_cifar10": "chelsea",
        "attack": "fgsm",
        "eps": "0.1",
        "target_cifar10": "dog",
        "defenses": "jpeg,median,random-resize-pad,pgd-at,smoothing",
    }
    page.query_params.clear()
    page.query_params.update(carried | {"defenses": "jpeg"})
    ran(go_to(page, "pages/compare_defenses.py"))
    for key, value in (carried | {"defenses": "['jpeg']"}).items():
        assert str(page.session_state[key]) == value


@pytest.mark.parametrize("tab", TABS)
@pytest.mark.parametrize("name", ["fgsm", "pgd-l2"])
def test_every_tab_opens(name, tab):
    page = visit(attack=name, target_cifar10="least-likely")
    page.session_state["depth"] = tab
    page.run()
    assert not page.exception
    assert not page.error


def test_the_scrubber_starts_at_the_result_and_moves_through_the_steps():
    page = visit(attack="bim", eps="0.1", **{"bim.steps": "4"})
    page.session_state["depth"] = "Steps"
    page.run()
    scrubber = page.select_slider[0]
    assert [str(step) for step in range(5)] == list(scrubber.options)
    assert page.get("image")[-1].proto.imgs[0].caption.startswith("Step 4")
    scrubber.set_value(0).run()
    shown = page.get("image")[-1].proto.imgs[0]
    assert shown.caption.startswith("Step 0")
