"""The page Detectors without a browser: scores, attachment points, sigma, results, costs, links."""

import json

import pytest
import torch
from streamlit.testing.v1 import AppTest

from robust_core import attacks, zoo
from robust_core.dashboard import lab
from robust_core.dashboard.detectors import measured, overlap
from robust_core.dashboard.detectors.duel import duel_chart
from robust_core.detectors.rejection import Costs
from robust_core.evaluation.detector_tables import results
from robust_core.evaluation.detector_tables.rows import TABLES
from robust_core.experiment import duel, panel
from robust_core.experiment.detection import scores
from robust_core.experiment.duel import FOOLED
from robust_core.models import ResNet32
from robust_core.models.detector import build
from robust_core.zoo import loading, weights
from tests import visiting
from tests.tables import completed
from tests.visiting import APP, go_to, ran, text

PAGE = "pages/detectors.py"
NAME = "cifar10-resnet32-ad2-bim-2-255"
OTHER = "cifar10-resnet32-ad4-deepfool"


@pytest.fixture(autouse=True)
def _fresh(monkeypatch, tmp_path, weights_folder, nothing_kept):
    """No results; nothing in the cache that another detector said."""
    monkeypatch.setattr(results, "FILE", tmp_path / "detectors.json")


@pytest.fixture
def two(bundle):
    """Two detectors at different points."""
    bundle(NAME)
    bundle(OTHER, seed=1, point="AD(4)", adversary="deepfool", eps=None, threshold=0.4)


def visit(**query: str) -> AppTest:
    return ran(visiting.visit(PAGE, **query))


def html(page: AppTest, kind: str) -> str:
    (body,) = [h.proto.body for h in page.get("html") if f"class={kind}" in h.proto.body]
    return body


def test_a_first_visit_shows_the_scores_that_the_core_gives(two, resnet, cat):
    page = visit()
    adversarial = attacks.create("bim", eps=2 / 255)(resnet, cat, resnet(cat).argmax(1))
    table = html(page, "panel")
    for name in (NAME, OTHER):
        detector = zoo.load_detector(name, "cpu")
        before, after = (detector.score(x).item() for x in (cat, adversarial))
        words = scores(before, after, detector.threshold)
        assert all(f">{word}<" in table for word in words[:2])
        assert f"threshold {words[2]}" in table
    assert panel.panel([NAME, OTHER], cat, adversarial, "cpu").sentence in text(page)
    assert not page.query_params


def test_the_panel_flags_what_is_above_each_threshold(bundle, cat):
    bundle(NAME, threshold=0.0)
    bundle(OTHER, seed=1, point="AD(4)", threshold=1.0)
    said = panel.panel([NAME, OTHER], cat, cat.flip(3), "cpu")
    assert said.said[NAME].flagged
    assert said.said[NAME].flagged_clean
    assert not said.said[OTHER].flagged
    assert (
        said.sentence
        == "1 of 2 detectors flag the adversarial picture; 1 also rejects the clean one."
    )
    table = html(visit(), "panel")
    assert "Detected, false alarm" in table
    assert "Not detected" in table


def test_how_many_detectors_are_outside_their_calibration_or_training_is_said(bundle):
    bundle(NAME, calibration_range=[0.999, 1.0])
    bundle(OTHER, seed=1, point="AD(4)", eps=None, calibration_range=[0.0, 1.0])
    assert "beyond" in text(visit())
    told = text(visit(detect_any_eps="True", detect_eps255="25.5"))
    assert "1 of 2 give the clean picture a score beyond those of all pictures" in told
    assert "25/255 Linf, is more than 4 times the eps that 1 of 2 were trained on" in told
    bundle(NAME, calibration_range=[0.0, 1.0])
    loading._detectors.clear()
    lab.engine().forget()
    told = text(visit())
    assert "beyond those" not in told
    assert "far outside" not in told


def test_a_point_says_what_is_read_and_what_is_bundled(two):
    page = visit()
    for point, shape, bundled in (
        ("AD(2)", "16 × 32 × 32", "Bundled here: BIM 2/255."),
        ("AD(4)", "64 × 8 × 8", "Bundled here: DeepFool."),
        ("AD(0)", "3 × 32 × 32", "No bundled detector reads here."),
    ):
        ran(page.segmented_control(key="point").set_value(point).run())
        count = sum(weight.numel() for weight in build(ResNet32, point).parameters())
        said = text(page)
        assert all(part in said for part in (shape, bundled, f"{count:,} parameters"))
    assert page.query_params["point"] == "AD(0)"
    assert html(page, "chain").count("class='here'") == 1


def test_without_detectors_it_says_how_to_make_them_and_the_rest_is_there():
    page = visit(study="Training")
    assert "No detectors are bundled for cifar10-resnet32" in text(page)
    assert "train detector" in text(page)
    assert "cost_harm" not in page.session_state
    assert text(page).count("This has not been measured yet.") == 2
    assert page.button(key="toy")
    ran(page.button(key="freezing").click().run())
    assert "Bit for bit the same: 80 logits of 8 pictures" in text(page)


def test_a_model_without_detectors_offers_the_one_that_has_them(two):
    page = visit(model="digits-cnn")
    assert "No detectors are bundled for digits-cnn" in text(page)
    next(b for b in page.button if b.label == "Use cifar10-resnet32").click()
    assert "panel" in html(ran(page.run()), "panel")


def test_a_damaged_detector_costs_the_others_nothing(two, weights_folder):
    (weights_folder / f"{OTHER}.safetensors").write_bytes(b"rubbish")
    page = AppTest.from_file(APP, default_timeout=120)
    go_to(page, PAGE)
    assert not page.exception
    assert "damaged" in page.error[0].value
    assert "AD(2), BIM 2/255" in html(page, "panel")


@pytest.mark.parametrize("sigma", [0.0, 0.4, 1.0])
def test_the_duel_asks_both_networks_at_each_step(bundle, resnet, cat, sigma):
    detector = zoo.load_detector(bundle(NAME), "cpu")
    attack = attacks.create("dynamic", eps=2 / 255, sigma=sigma, steps=4, detector=detector)
    outcome = duel.duel(detector, cat, attack)
    label = resnet(cat).argmax(1)
    expected = attack(resnet, cat, label)
    assert torch.equal(outcome.adversarial, expected)
    assert outcome.scores.shape == outcome.confidence.shape == (5,)
    for place, x in ((0, cat), (-1, expected)):
        assert outcome.scores[place].item() == pytest.approx(detector.score(x).item(), abs=1e-6)
        share = resnet(x).softmax(1)[0, label].item()
        assert outcome.confidence[place].item() == pytest.approx(share, abs=1e-6)
    fooled = bool(resnet(expected).argmax(1) != label)
    assert outcome.verdict == FOOLED[fooled, not detector.flags(expected).item()]
    if sigma == 1:
        assert (outcome.scores.diff() < 0).any()
    lines = duel_chart(outcome).data
    assert list(lines[1].y) == outcome.scores.tolist()


def test_a_duel_needs_its_own_detector(bundle, cat):
    detector = zoo.load_detector(bundle(NAME), "cpu")
    other = zoo.load_detector(bundle(OTHER, seed=1, point="AD(4)"), "cpu")
    attack = attacks.create("dynamic", eps=0.01, detector=other)
    with pytest.raises(ValueError, match="detector"):
        duel.duel(detector, cat, attack)


def test_sigma_and_detector_are_chosen_linked_and_decide(two):
    page = visit(sigma="1.0", duel=OTHER)
    assert page.slider(key="sigma").value == 1
    assert page.selectbox(key="duel").value == OTHER
    first = next(m.value for m in page.markdown if "The classifier says" in m.value)
    assert "Class unchanged" in first
    ran(page.slider(key="sigma").set_value(0.0).run())
    assert dict(page.query_params) == {"sigma": "0.0", "duel": OTHER}
    assert next(m.value for m in page.markdown if "The classifier says" in m.value) != first


def test_the_dynamic_adversary_offers_the_paper_s_steps(two):
    page = visit(duel=OTHER)
    own = next(c.value for c in page.caption if "The attack moves away" in c.value)
    page = visit(duel=OTHER, duel_steps="metzen")
    paper = next(c.value for c in page.caption if "The attack moves away" in c.value)
    assert "10 steps of 1/255" in paper
    assert "10 steps of 1/255" not in own


@pytest.mark.parametrize(
    "query",
    [{"sigma": "nan"}, {"sigma": "7"}, {"point": "AD(9)"}, {"duel": "x"}, {"detect": "x"}],
    ids=str,
)
def test_bad_links_fall_back(two, query):
    page = visit(**query)
    assert page.slider(key="sigma").value == 0.3
    assert page.selectbox(key="detect").value == "bim"
    assert not page.query_params


def figures(detectability: float | None = 0.9) -> dict:
    return {
        "detectability": detectability,
        "auc": detectability,
        "false_positives": 0.1,
        "true_positives": None if detectability is None else 0.9,
        "n_test": 10,
        "n_adversarial": 8,
        "top1": 0.9,
        "top1_adversarial": 0.1,
    }


def result(**changes) -> dict:
    """A result file with all parts, for ``NAME``."""
    own = {"point": "AD(2)", "adversary": "bim", "eps": 2 / 255, "n_train": 9, "epochs": 1}
    kinds = dict.fromkeys(("floats", "eight_bit", "at_threshold"), figures())
    rows = [{"detector": NAME, **own, **kinds, "threshold": 0.5}]
    attack = {"detector": NAME, "attack": "pgd", "eps": None}
    roc = {"false_positives": [0, 1], "true_positives": [0, 1], "low": [0, 1], "high": [0, 1]}
    roc |= {"detector": NAME, "adversary": "bim", "eps": 0.01, "auc": 0.5}
    adversaries = [{"adversary": "fgsm", "eps": 0.01}, {"adversary": "deepfool", "eps": None}]
    matrix = [[figures(), figures(None)], [figures(0.6), figures()]]
    shares = {
        "accepted_clean": [0.5, 1.0],
        "clean_accuracy": [0.4, 0.8],
        "accepted_adversarial": [0.25, 1.0],
        "harm": [0.2, 0.9],
    }
    reject = {"detector": NAME, "threshold": 0.5, "attack": "bim", "eps": 0.01}
    reject |= {"steps": 10, "step_size": 1 / 255}
    reject |= {
        "thresholds": [0.5, 1.0],
        "static": shares,
        "adaptive": shares | {"harm": [0.25, 0.9]},
    }
    curves = {"static": {"name": NAME, "rows": [figures(), figures(None)]}}
    reject["second"] = {
        "jpeg": {
            "clean": [0.75, 0.25, 0.0],
            "static": [0.5, 0.125, 0.0],
            "adaptive": [1.0, 0.5, 0.0],
        }
    }
    base = {
        "weights": "cifar10-resnet32",
        "weights_sha256": zoo.index()["cifar10-resnet32"]["sha256"],
    }
    jpeg = {"parameters": {"quality": 75, "subsampling": "4:2:0"}, **base}
    parts = {
        "adversaries": {"rows": rows},
        "depth": {"rows": rows},
        "eps": {"bim": {"eps": [0.01, 0.02], "detectors": [NAME] * 2, "matrix": matrix}},
        "transfer": {"adversaries": adversaries, "detectors": [NAME] * 2, "matrix": matrix},
        "several": {"rows": [own | {"own": rows[0], "several": rows[0]}]},
        "sigma": {
            "sigmas": [0.0, 1.0],
            "eps": 0.01,
            "detectors": curves | {"dynamic": curves["static"]},
        },
        "full_knowledge": {
            "rows": [
                attack | {"of": 8, "mean_l2": None, "fools_classifier": 1.0, "fools_both": 0.5}
            ]
        },
        "roc": {"rows": [roc | {"n_genuine": 5, "n_adversarial": 5}]},
        "unseen": {
            "rows": [attack | figures() | {"at_threshold": figures(None), "threshold": 0.5}]
        },
        "reject": {"sigma": 0.4, "rows": [reject], "second": {"jpeg": jpeg}},
    }
    head = {"model": "cifar10-resnet32", "data": "CIFAR-10 test", "conditions": {}}
    head["weights_sha256"] = zoo.index()["cifar10-resnet32"]["sha256"]
    for name, part in parts.items():
        part |= {"n": 1234, "command": f"python -m robust_core evaluate-detectors --part {name}"}
    full = {n: part if n == "eps" else completed(TABLES[n], part) for n, part in parts.items()}
    return head | {"parts": full} | changes


def write(value: object) -> None:
    results.FILE.write_text(json.dumps(value), encoding="utf-8")


def test_each_tab_draws_its_part_with_its_conditions(bundle):
    bundle(NAME)
    write(result())
    page = visit()
    charts = {"full_knowledge": 0, "unseen": 0, "transfer": 3}
    without = len(page.get("plotly_chart")) - 1
    for tab, (part, _) in measured.PARTS.items():
        page.session_state["measured"] = tab
        ran(page.run())
        assert len(page.get("plotly_chart")) == without + charts.get(part, 1), tab
        assert f"--part {part}`" in text(page)
        assert "n: 1,234 pictures of CIFAR-10 test, cifar10-resnet32" in text(page)


def test_costs_and_threshold_give_what_the_core_gives(bundle):
    bundle(NAME)
    write(result())
    page = visit(cost_harm="4.0", cost_share="50.0")
    metric = {m.label: m.value for m in page.metric}  # of the adaptive attacker, which is last
    assert metric["Harm"] == "25.0 %"
    assert metric["System accuracy"] == "75.0 %"
    assert metric["Coverage"] == "37.5 %"
    assert metric["Clean and right"] == "40.0 %"
    costs = Costs(wrong=1, harm=4, false_alarm=0.2, caught=0.2)
    clean = costs.wrong * 0.1 + costs.false_alarm * 0.5
    adversarial = costs.harm * 0.25 + costs.caught * 0.75
    assert metric["Cost"] == f"{(clean + adversarial) / 2:.3f}"
    assert "both with eps 2.6/255 and 10 steps of 1/255" in text(page)
    ran(page.select_slider(key=f"tau.{NAME}").set_value(0).run())
    metric = {m.label: m.value for m in page.metric}
    assert (metric["Harm"], metric["Coverage"], metric["Cost"]) == ("0.0 %", "0.0 %", "0.200")


def test_a_rejected_picture_can_go_to_a_second_model_which_is_linked(bundle):
    bundle(NAME)
    write(result())
    page = visit(cost_harm="4.0", cost_share="50.0", reject_to="jpeg")
    metric = {m.label: m.value for m in page.metric}  # of the adaptive attacker, which is last
    assert metric["Harm"] == "75.0 %"
    assert metric["System accuracy"] == "25.0 %"
    assert metric["Coverage"] == "37.5 %"
    assert metric["Clean and right"] == "65.0 %"
    assert metric["Cost"] == f"{(0.35 + 4 * 0.75) / 2:.3f}"
    said = text(page)
    assert "attacks the detector and both models at once" in said
    assert "JPEG compression (quality 75)" in said
    assert page.slider(key="cost_reject").disabled
    assert page.query_params["reject_to"] == "jpeg"
    ran(page.select_slider(key=f"tau.{NAME}").set_value(0).run())
    metric = {m.label: m.value for m in page.metric}
    assert (metric["Harm"], metric["Clean and right"]) == ("100.0 %", "75.0 %")
    ran(page.selectbox(key="reject_to").set_value("nobody").run())
    assert next(m.value for m in page.metric if m.label == "Harm") == "0.0 %"
    assert "both models at once" not in text(page)
    assert not page.slider(key="cost_reject").disabled
    assert "reject_to" not in page.query_params


def test_second_models_that_are_not_here_say_why_and_cannot_be_linked(bundle, weights_folder):
    bundle(NAME)
    index = weights.index(weights_folder)
    del index["cifar10-resnet32-pgd-at"]
    (weights_folder / "index.json").write_text(json.dumps(index))
    old = result()
    del old["parts"]["reject"]["second"]
    del old["parts"]["reject"]["rows"][0]["second"]
    write(old)
    page = visit(reject_to="jpeg")
    assert page.selectbox(key="reject_to").value == "nobody"
    assert len(page.selectbox(key="reject_to").options) == 1
    said = text(page)
    assert "jpeg has not been measured yet" in said
    assert "pgd-at needs a trained network" in said
    changed = result()
    changed["parts"]["reject"]["second"]["jpeg"]["weights_sha256"] = "of others"
    write(changed)
    assert "jpeg was measured with other weights" in text(visit())


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"parts": 1}, "damaged"),
        ("rubbish", "damaged"),
        ({"weights_sha256": "of others"}, "other weights"),
        ({"conditions": {"adversaries": {"detectors": {NAME: "x"}}}}, "other weights"),
        ({"parts": {}}, "not been measured yet"),
        ({"parts": {"adversaries": {"n": 1, "rows": [{"detector": NAME}]}}}, "damaged"),
        ({"parts": {"adversaries": [1]}}, "damaged"),
    ],
    ids=str,
)
def test_a_result_that_does_not_count_gets_a_sentence_with_the_command(bundle, value, words):
    bundle(NAME)
    write(result(**value) if isinstance(value, dict) else value)
    said = results.part("adversaries")
    assert not said.value
    assert words in said.lacking
    assert "evaluate-detectors --part adversaries" in said.lacking


def test_the_toy_is_trained_on_demand_and_says_what_overlaps(monkeypatch):
    calls, true_overlap = [], overlap.overlap

    def small(seed, **options):
        calls.append(seed)
        return true_overlap(seed, points=50, grid=21, **options)

    monkeypatch.setattr(overlap, "overlap", small)
    monkeypatch.setattr("robust_core.toys.overlap.ROUNDS", 20)
    monkeypatch.setattr("robust_core.toys.overlap.CLASSIFIER_ROUNDS", 20)
    page = visit(toy_seed="7")
    assert not calls
    ran(page.button(key="toy").click().run())
    assert calls == [7]
    found = small(7)
    assert overlap.sentence(found) in text(page)
    assert len(page.get("plotly_chart")) == 2
    ran(page.run())
    assert calls == [7, 7], "one of them is this test's own"


def test_a_failure_costs_its_own_section_only(two, monkeypatch):
    def fail(*args, **options):
        raise RuntimeError("secret")

    monkeypatch.setattr("robust_core.dashboard.detectors.duel.duel", fail)
    write(result())
    page = AppTest.from_file(APP, default_timeout=120)
    go_to(page, PAGE)
    assert not page.exception
    (error,) = page.error
    assert "secret" not in error.value
    assert "AD(2), BIM 2/255" in html(page, "panel")
    assert any(m.label == "Harm" for m in page.metric)
