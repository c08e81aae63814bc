"""``attack``: every key of its JSON, labels and targets, the file it writes, its refusals."""

import errno
import os
import shlex
from dataclasses import fields, replace

import numpy as np
import pytest
import torch
from PIL import Image

from robust_core import attacks, zoo
from robust_core.attacks import Attack
from robust_core.commands.attack import label_of
from robust_core.data import digits
from robust_core.data.fitting import as_saved
from robust_core.data.picture import Picture
from robust_core.goals import LeastLikely, Towards

BASE = ("--model", "digits-cnn", "--device", "cpu")
SAMPLE = "sample:digits-test-3"
SIDE = {"label", "index", "confidence", "top5"}
KEYS = {
    *("model", "attack", "eps", "before", "after", "success", "l0", "l1", "l2", "linf", "tv"),
    *("seconds", "queries", "gradients", "detector", "norm", "parameters", "seed", "goal"),
    *("defense", "adaptive"),
    *(
        "label",
        "label_source",
        "target",
        "success_8bit",
        "success_exact",
        "fresh_draws",
        "saved",
        "ssim",
        "zero_gradients",
        "answers",
        "picture",
    ),
    *(
        "device",
        "out",
        "notices",
        "versions",
        "goal_parameters",
        "within_eps",
        "mask",
        "free_pixels",
    ),
}


@pytest.fixture
def attacked(command):
    """The JSON of an attack on a test picture of the digits."""

    def run(name="fgsm", eps="0.15", *more, picture=SAMPLE) -> dict:
        radius = () if eps is None else ("--eps", eps)
        ended = command("attack", picture, *BASE, "--attack", name, *radius, *more, "--json")
        assert ended.status == 0, ended.err
        return ended.json

    return run


@pytest.fixture
def refused(command):
    """The complaint about an attack that cannot be."""

    def run(*more, picture=SAMPLE, name="fgsm", eps=("--eps", "0.1")) -> str:
        return command("attack", picture, *BASE, "--attack", name, *eps, *more).complaint

    return run


@pytest.mark.parametrize("name", attacks.local_names())
def test_every_attack_prints_every_key(attacked, name):
    asks = "max_queries" in {spec.name for spec in fields(attacks.get(name))}
    value = attacked(name, "0.15", *(("--max-queries", "300") if asks else ()))
    assert set(value) == KEYS
    for side in (value["before"], value["after"]):
        assert set(side) == SIDE
        assert len(side["top5"]) == 5
        assert side["top5"][0] == [side["label"], side["confidence"]]
        assert [c for _, c in side["top5"]] == sorted((c for _, c in side["top5"]), reverse=True)
    assert (value["model"], value["attack"], value["eps"]) == ("digits-cnn", name, 0.15)
    assert value["detector"]["name"] == zoo.default_detector("digits-cnn")
    assert value["norm"] == attacks.create(name).norm
    if "eps" in value["parameters"]:
        assert value[value["norm"]] <= 0.15 * (1 + 1e-4)
        assert value["within_eps"] is None
    else:
        assert value["within_eps"] is (value["success"] and value[value["norm"]] <= 0.15)
    assert set(value["parameters"]) == {spec.name for spec in fields(attacks.get(name))}
    changed = value["after"]["index"] != value["label"]["index"]
    assert value["success"] is changed


def test_result_is_that_of_the_library(attacked):
    value = attacked("pgd", "8/255", "--steps", "7", "--seed", "5")
    model = zoo.load("digits-cnn", "cpu")
    images, labels = digits.load("test")
    pixels = images[3:4].mul(255).round().div(255)
    attack = attacks.create("pgd", eps=8 / 255, steps=7, seed=5)
    adversarial = attack(model, pixels, labels[3:4])
    assert value["after"]["confidence"] == pytest.approx(
        model.predict(as_saved(adversarial, pixels))[0][0].confidence, abs=1e-6
    )
    assert value["l2"] == pytest.approx((adversarial - pixels).double().norm().item(), abs=1e-6)


@pytest.mark.parametrize("name", ["fgsm", "deepfool", "cw-l2"])
@pytest.mark.parametrize("eps", ["nan", "inf", "-1", "1e400", "-inf", "1/0", "2e6", "9" * 400])
def test_an_eps_that_is_no_radius_is_refused_whatever_the_attack(refused, name, eps):
    """Before anything is loaded: this picture does not exist."""
    complaint = refused(name=name, eps=(f"--eps={eps}",), picture="nowhere.png")
    assert "--eps" in complaint
    assert "number" in complaint


@pytest.mark.parametrize(
    ("name", "said"), [("fgsm", True), ("deepfool-linf", True), ("pgd-l2", False)]
)
def test_an_eps_in_255ths_is_asked_about(attacked, command, name, said):
    told = attacked(name, "8")["notices"]
    assert any("8 is beyond the whole range" in t and "8/255?" in t for t in told) == said
    assert not any("range" in t for t in attacked(name, "8/255")["notices"])
    ended = command("attack", SAMPLE, *BASE, "--attack", name, "--eps", "8")
    for shown in (ended.err, ended.out):
        assert ("8 is beyond the whole range" in shown) == said


@pytest.mark.parametrize(
    ("name", "behind", "sentence"),
    [
        ("fgsm", "smoothing:n=9", "9 votes cannot give a certificate at alpha 0.001"),
        ("square", "random-resize-pad:seed=3", "learns from seed 3 of the defence's"),
    ],
)
def test_notices_on_a_defence_come_before_the_work_and_beside_the_result(
    command, name, behind, sentence
):
    asked = ("attack", SAMPLE, *BASE, "--attack", name, "--eps", "0.1", "--defense", behind)
    asked += ("--max-queries", "20") if name == "square" else ()
    for knows in ((), ("--adaptive",)):
        ended = command(*asked, *knows, "--json")
        (told,) = ended.json["notices"]
        assert sentence in told
        assert told in ended.err
        assert told in command(*asked, *knows).out.splitlines()


def test_a_target_that_is_said_already_is_refused(refused):
    """The third test picture is a 3: with another label, 3 is still what the model says."""
    answer = zoo.load("digits-cnn", "cpu")(digits.load("test")[0][3:4]).argmax().item()
    other = (answer + 1) % 10
    complaint = refused("--label", str(other), "--target", str(answer))
    assert f"it says {answer} already" in complaint
    assert "another class" in refused("--target", str(answer))


def test_a_least_likely_class_that_is_the_label_is_refused(refused):
    least = zoo.load("digits-cnn", "cpu")(digits.load("test")[0][3:4]).argmin().item()
    complaint = refused("--label", str(least), "--target", "least-likely")
    assert "least likely class is the picture's own" in complaint


def test_fields_of_attacks_are_options(attacked):
    value = attacked(
        *("pgd", "0.1", "--steps", "4", "--step-size", "1/100", "--loss", "margin"),
        *("--no-random-start", "--seed", "9"),
    )
    assert value["parameters"] == {
        "eps": 0.1,
        "steps": 4,
        "step_size": 0.01,
        "loss": "margin",
        "random_start": False,
        "restarts": 1,
        "seed": 9,
    }
    assert value["gradients"] == 4
    assert value["seed"] == 9


def test_restarts_and_draws(attacked):
    assert attacked("pgd", "0.01", "--restarts", "3", "--steps", "2")["gradients"] == 6
    noise = attacked("noise", "0.1", "--kind", "uniform", "--draws", "10")
    assert noise["queries"] == 10
    assert noise["linf"] <= 0.1 + 1e-6


def test_seed_is_taken_by_attacks_that_draw_nothing(attacked):
    assert attacked("fgsm", "0.1", "--seed", "3")["seed"] is None


def test_label_of_a_data_set_picture_is_its_own(attacked):
    labels = digits.load("test")[1]
    value = attacked()
    assert value["label"]["index"] == labels[3].item()
    assert value["label_source"] == "the label of the digits test set"


def test_label_of_any_other_picture_is_the_prediction(attacked):
    value = attacked(picture="sample:chelsea")
    assert value["label_source"] == "the model's own prediction"
    assert value["label"]["index"] == value["before"]["index"]


def test_label_that_is_given_counts(attacked):
    value = attacked("fgsm", "0.1", "--label", "0")
    assert value["label"]["label"] == "0"
    assert value["label_source"] == "given"
    assert value["before"]["index"] != 0
    assert value["success"] is True  # the model does not say 0, before or after


def test_targets(attacked):
    value = attacked("pgd", "0.5", "--target", "7")
    assert value["target"]["label"] == "7"
    assert value["success"] is (value["after"]["label"] == "7")
    probabilities = zoo.load("digits-cnn", "cpu")(digits.load("test")[0][3:4])
    least = attacked("pgd", "0.5", "--target", "least-likely")
    assert least["target"]["index"] == probabilities.argmin().item()


def test_out_is_the_rounded_picture_at_the_model_s_size(attacked, tmp_path):
    path = tmp_path / "adv.png"
    value = attacked("fgsm", "0.1", "--out", path)
    assert value["out"] == str(path)
    model, (images, labels) = zoo.load("digits-cnn", "cpu"), digits.load("test")
    pixels = images[3:4].mul(255).round().div(255)
    adversarial = attacks.create("fgsm", eps=0.1)(model, pixels, labels[3:4])
    moved = (adversarial - pixels)[0, 0].double().numpy() * 255
    whole = np.sign(moved) * np.floor(np.abs(moved) + 1e-3)
    expected = np.rint(pixels[0, 0].double().numpy() * 255) + whole
    written = Image.open(path)
    assert (written.mode, written.size) == ("L", (8, 8))
    assert np.array_equal(np.asarray(written), expected.astype(np.uint8))
    assert value["saved"]["linf"] == 25 / 255
    assert value["linf"] == pytest.approx(0.1, abs=1e-6)


def test_out_read_back_is_what_the_model_saw(attacked, tmp_path):
    path = tmp_path / "adv.png"
    first = attacked("pgd", "0.2", "--out", path)
    again = attacked("noise", "0", picture=path)
    assert first["success"] is first["saved"]["success"] is first["success_8bit"]
    assert first["success"] is (again["before"]["index"] != first["label"]["index"])
    assert again["l0"] == 0


def test_fit_decides_what_the_model_sees(attacked):
    cut, bent = (
        attacked("fgsm", "0", "--fit", f, picture="sample:coffee") for f in ("crop", "squash")
    )
    assert cut["picture"]["fit"] == "crop"
    assert cut["before"]["top5"] != bent["before"]["top5"]


def test_people_get_sentences_not_json(command):
    ended = command("attack", SAMPLE, *BASE, "--attack", "bim", "--eps", "0.1")
    assert ended.status == 0
    assert "{" not in ended.out
    for word in ("bim", "digits-cnn", "before", "after", "L0", "Linf", "SSIM"):
        assert word in ended.out


def test_minimum_norm_attack_needs_no_eps(attacked):
    class Flip(Attack):
        name, title, summary, equation = "flip", "Flip", "", ""

        def perturb(self, oracle, images, aim):
            return 1 - images

    with attacks.REGISTRY.temporarily(Flip):
        assert attacked("flip", None)["eps"] is None
        assert attacked("flip", "0.1")["eps"] == 0.1


def test_what_a_minimum_norm_attack_needed_is_compared_with_eps(command, attacked):
    length = attacked("deepfool", None)["l2"]
    assert attacked("deepfool", None)["within_eps"] is None
    for eps, words in ((2 * length, "stays within"), (length / 2, "goes beyond")):
        assert attacked("deepfool", str(eps))["within_eps"] is (eps > length)
        ended = command("attack", SAMPLE, *BASE, "--attack", "deepfool", "--eps", str(eps))
        assert words in ended.out


def test_an_attack_by_labels_walks_from_a_picture_of_the_class_to_reach(command, attacked):
    few = ("--max-queries", "300", "--target", "7")
    value = attacked("hopskipjump", None, *few, "--start", "sample:digits-test-9")
    assert value["success"]
    assert value["after"]["label"] == "7"
    assert value["parameters"]["start"] == "sample:digits-test-9"
    apart = attacked("hopskipjump", None, *few, "--start", "sample:digits-test-5")
    assert (apart["success"], apart["queries"]) == (False, 2)
    assert any("--start" in told for told in apart["notices"])
    both = ("sample:digits-test-5", "sample:digits-test-9")
    assert attacked("hopskipjump", None, *few, "--start", *both)["success"]
    ended = command("attack", SAMPLE, *BASE, "--attack", "fgsm", "--eps", "0.1", "--start", SAMPLE)
    assert ended.status == 2
    assert "fgsm takes no --start" in ended.err


def test_less_confidence_is_a_goal(attacked):
    value = attacked("pgd", "0.3", "--goal", "confidence-reduction", "--threshold", "0.6")
    assert value["goal"] == "confidence-reduction"
    assert value["goal_parameters"] == {"threshold": 0.6}
    first = value["before"]["label"]
    assert value["success"] is (dict(value["after"]["top5"]).get(first, 0) <= 0.6) is True
    default = attacked("pgd", "0.3", "--goal", "confidence-reduction")
    assert default["goal_parameters"] == {"drop": 0.2}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--goal", "targeted"), "--goal targeted needs --target"),
        (("--goal", "untargeted", "--target", "4"), "untargeted has no --target"),
        (("--drop", "0.3"), "untargeted has no --drop"),
        (("--goal", "confidence-reduction", "--target", "4"), "has no --target"),
        (("--goal", "confidence-reduction", "--drop", "2"), "drop must be a probability"),
        (
            ("--goal", "confidence-reduction", "--drop", "0.2", "--threshold", "0.5"),
            "--drop or --threshold, not both",
        ),
        (("--goal", "confidence-reduction", "--threshold", "x"), "--threshold"),
        (("--goal", "source-target", "--target", "4"), "--goal"),
    ],
)
def test_goals_that_make_no_sense_are_refused(refused, more, words):
    assert words in refused(*more)


def test_a_goal_that_an_attack_does_not_take_is_refused(refused, monkeypatch):
    monkeypatch.setattr(attacks.FGSM, "goals", ("untargeted",))
    assert "goal of fgsm must be one of untargeted" in refused("--target", "4")


def test_option_of_another_attack_is_refused(refused):
    assert refused("--steps", "3") == "fgsm has no steps; it takes eps, loss"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"eps": ()}, ["fgsm needs --eps"]),
        ({"eps": ("--eps", "-1")}, ["--eps: must be", "-1"]),
        ({"eps": ("--eps", "nan")}, ["eps", "nan"]),
        ({"eps": ("--eps", "1/0")}, ["--eps", "1/0"]),
        ({"name": "zap"}, ["zap", *attacks.local_names()]),
        ({"picture": "sample:nobody"}, ["nobody", "chelsea"]),
        ({"picture": "sample:digits-test-450"}, ["0 to 449"]),
        ({"picture": "no-such-file.png"}, ["no-such-file.png", "cannot be read"]),
        ({"picture": ""}, ["is a folder"]),
    ],
)
def test_mistakes_name_what_is_wrong(refused, options, words):
    complaint = refused(**options)
    assert all(word in complaint for word in words)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--out", "adv.jpg"), [".png", "adv.jpg"]),
        (("--out", "no/such/folder/adv.png"), ["no/such/folder"]),
        (("--detector", "mahalanobis"), ["none; got", "digits-cnn", "mahalanobis"]),
        (("--target", "cat"), ["digits-cnn has no class 'cat'"]),
        (("--label", "10"), ["digits-cnn has no class '10'"]),
        (("--device", "abacus"), ["abacus"]),
        (("--seed", "-1"), ["--seed", "from 0"]),
        (("--fit", "stretch"), ["stretch", "squash"]),
        (("--loss", "l7"), ["loss must be one of", "ce"]),
        (("--model", "vgg"), ["model must be one of", "digits-cnn"]),
    ],
)
def test_bad_options_name_what_is_allowed(refused, more, words):
    complaint = refused(*more)
    assert all(word in complaint for word in words)


def test_own_class_as_target_is_refused(refused):
    own = str(digits.load("test")[1][3].item())
    assert "target" in refused("--target", own)


def test_detector_none_is_fine(attacked):
    assert attacked("fgsm", "0.1", "--detector", "none")["detector"] is None


def test_hostile_files_get_one_sentence(refused, tmp_path):
    text = tmp_path / "text.png"
    text.write_text("I am no picture")
    assert "text.png" in refused(picture=text)
    assert str(tmp_path.name) in refused(picture=tmp_path)


def test_a_file_name_that_is_not_utf8_is_printed_with_a_replacement(command, tmp_path):
    picture = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png")
    Image.new("RGB", (8, 8), "grey").save(picture)
    out = picture.replace("caf", "out")
    options = (*BASE, "--attack", "fgsm", "--eps", "0.1", "--out", out)
    said = command("attack", picture, *options)
    assert said.status == 0
    assert "caf\ufffd.png" in said.out
    assert os.path.exists(out)
    said = command("attack", picture, *options, "--json")
    assert said.status == 0
    assert said.json["picture"]["title"] == "caf\ufffd.png"
    assert "\\udce9" not in said.out


def test_an_out_that_cannot_be_written_is_found_before_the_work(refused, tmp_path, monkeypatch):
    monkeypatch.setattr("robust_core.commands.attack.read", None)  # the work
    folder, file = tmp_path / "folder.png", tmp_path / "file.png"
    folder.mkdir()
    file.write_bytes(b"mine")
    file.chmod(0o444)
    assert "is a folder" in refused("--out", folder)
    monkeypatch.setattr(os, "access", lambda path, mode: path.stat().st_mode & 0o200)  # for root
    assert "may not be overwritten" in refused("--out", file)
    assert file.read_bytes() == b"mine"


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_the_result_is_printed_where_the_disk_is_full(command, tmp_path, monkeypatch, form):
    def full(path, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr("robust_core.files.write_bytes", full)
    out = tmp_path / "adv.png"
    ended = command(
        "attack", SAMPLE, *BASE, "--attack", "fgsm", "--eps", "0.1", "--out", out, *form
    )
    assert ended.status == 2
    assert "No space left" in ended.err
    assert ended.json["out"] is None if form else "Written" not in ended.out
    assert "fgsm" in ended.out


def test_damaged_weights_get_one_sentence(command, monkeypatch):
    def damaged(name, device=None):
        raise zoo.ZooError("The weights are damaged. Restore them")

    monkeypatch.setattr(zoo, "load", damaged)
    complaint = command("attack", SAMPLE, *BASE, "--attack", "fgsm", "--eps", "0.1").complaint
    assert complaint == "The weights are damaged. Restore them"


@pytest.mark.parametrize(
    ("attack", "more"),
    [
        (attacks.create("pgd", eps=0.1, steps=3, random_start=False), {}),
        (attacks.create("pgd-l2", eps=0.8, restarts=2, steps=2, step_size=0.3, seed=4), {}),
        (attacks.create("noise", eps=0.2, kind="uniform", draws=4), {"how": "squash"}),
        (attacks.create("fgsm", eps=1e-5), {"goal": Towards(5)}),
        (attacks.create("bim", eps=0.3, loss="dlr"), {"goal": LeastLikely()}),
    ],
)
def test_the_page_s_reproduce_line_reproduces(command, attack, more):
    from robust_core.dashboard.request import Chosen, Request

    pixels = (digits.load("test")[0][3, 0] * 255).round().byte().numpy()
    picture = Picture.of(np.repeat(pixels[:, :, None], 3, axis=2))
    label = digits.CLASSES[digits.load("test")[1][3]]
    chosen = Chosen(picture, SAMPLE, true_label=label, data="digits test set")
    request = Request(chosen, "crop", zoo.describe("digits-cnn"), attack)
    request = replace(request, **more)
    line = shlex.split(request.command())
    assert line[:3] == ["python", "-m", "robust_core"]
    ended = command(*line[3:], "--json", "--device", "cpu")
    assert ended.status == 0, ended.err
    shown = request.work(lambda step, total: None).summary()
    same = set(shown) - {"seconds", "queries", "label_source"}
    assert {k: ended.json[k] for k in same} == {k: shown[k] for k in same}


def test_true_label_counts_only_where_the_model_knows_the_class(monkeypatch):
    from robust_core.data import samples

    sample = samples.load("digits-test-3")
    model = zoo.load("digits-cnn", "cpu")
    words = replace(zoo.describe("digits-cnn"), class_names=tuple("abcdefghij"))
    assert label_of(None, words, sample, model) == (None, "")
    index, source = label_of(None, zoo.describe("digits-cnn"), sample, model)
    assert (str(index), source) == (sample.label, "the label of the digits test set")


def test_label_of_a_photograph_counts_where_the_model_has_its_class():
    from robust_core.data import samples

    model = zoo.load("cifar10-resnet32", "cpu")
    index, source = label_of(None, zoo.describe(model.name), samples.load("chelsea"), model)
    assert (model.class_names[index], source) == ("cat", "the label of the sample")


def test_torch_state_is_left_alone(attacked):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    attacked("pgd", "0.1")
    assert torch.equal(before, torch.get_rng_state())


def test_a_defence_and_both_attackers(command):
    """Behind a filter: an unaware attacker makes the picture on the undefended model."""

    def run(*words: str) -> dict:
        base = ("attack", "sample:digits-test-3", "--model", "digits-cnn", "--attack", "pgd")
        ended = command(*base, "--eps", "0.15", *words, "--json")
        assert ended.status == 0, ended.err
        return ended.json

    plain = run()
    unaware = run("--defense", "bit-depth:bits=3")
    aware = run("--defense", "bit-depth:bits=3", "--adaptive")
    assert plain["defense"] is None
    assert unaware["defense"] == {"name": "bit-depth", "parameters": {"bits": 3}}
    assert (unaware["adaptive"], aware["adaptive"]) == (False, True)
    assert unaware["model"] == aware["model"] == "digits-cnn"
    assert unaware["linf"] == plain["linf"]
    assert unaware["l2"] == plain["l2"]
    assert aware["l2"] != plain["l2"]
    assert unaware["before"]["confidence"] != plain["before"]["confidence"]


@pytest.mark.parametrize("given", ["--json", None])
def test_probabilities_instead_of_logits_are_said(command, softmax_model, monkeypatch, given):
    monkeypatch.setattr(zoo, "load", lambda name, device=None: softmax_model)
    more = ("--attack", "fgsm", "--eps", "0.15", "--detector", "none")
    ended = command("attack", SAMPLE, *BASE, *more, *([given] if given else []))
    assert ended.status == 0, ended.err
    said = "The model answers with probabilities"
    if given:
        assert ended.json["answers"] == "probabilities"
        assert any(said in told for told in ended.json["notices"])
    else:
        assert said in ended.out


def test_a_mask_keeps_the_rest_as_it_was(attacked, command, tmp_path):
    """Words and a file say the same, and the written picture differs within alone."""
    clean = digits.load("test")[0][3].squeeze()
    results = []
    white = np.zeros((8, 8), dtype=np.uint8)
    white[2:5, 1:7] = 255
    Image.fromarray(white).save(tmp_path / "mask.png")
    for mask in ("1,2,6,3", str(tmp_path / "mask.png")):
        out = tmp_path / "out.png"
        found = attacked("pgd", "0.5", "--mask", mask, "--out", str(out))
        assert (found["mask"], found["free_pixels"]) == (mask, 18)
        results.append(np.array(Image.open(out)).reshape(8, 8, -1)[..., 0])
    assert (results[0] == results[1]).all()
    changed = results[0] != (clean * 255).round().numpy().astype(np.uint8)
    assert changed.any()
    assert not changed[white == 0].any()
    told = command(
        "attack", SAMPLE, *BASE, "--attack", "fgsm", "--eps", "0.1", "--mask", "centre"
    ).out
    assert "16 of 64 pixels may change; the others are as they were." in told


@pytest.mark.parametrize(
    ("mask", "said"),
    [
        ("1,2,3", "a rectangle must be x,y,w,h"),
        ("nothing.png", "and no file has that name"),
        ("8,8,2,2", "holds no pixel of a picture of 8 x 8 pixels"),
        ("large", "has 9 x 9 pixels; digits-cnn sees 8 x 8"),
        ("black", "is black"),
        ("text", "text file"),
    ],
)
def test_a_mask_that_cannot_be_meant_gets_a_sentence(refused, tmp_path, mask, said):
    files = {"large": np.full((9, 9), 255, np.uint8), "black": np.zeros((8, 8), np.uint8)}
    if mask in files:
        Image.fromarray(files[mask]).save(tmp_path / "mask.png")
        mask = str(tmp_path / "mask.png")
    elif mask == "text":
        (tmp_path / "mask.png").write_text("no picture, only words\n" * 400)
        mask = str(tmp_path / "mask.png")
    assert said in refused("--mask", mask)
