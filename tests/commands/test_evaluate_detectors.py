"""``evaluate-detectors``: its JSON, going on, leaving out, refusals; with detectors of random weights."""

import errno
import hashlib
import json
import os
import shutil

import pytest
import torch
from safetensors.torch import save

from robust_core import attacks, files, zoo
from robust_core.commands.detector_tables.parts import PARTS, TABLES
from robust_core.data import cifar10
from robust_core.detectors.measure import answers
from robust_core.evaluation.detector_tables import pairs, results, second
from robust_core.evaluation.detector_tables.rows import TABLES as KINDS
from robust_core.models import ResNet32
from robust_core.models.detector import build
from robust_core.paths import WEIGHTS
from robust_core.zoo import bundled_detectors, loading, weights
from robust_core.zoo.weights import fingerprint

MODEL = "cifar10-resnet32"
BIM = {"steps": 2, "step_size": 2 / 255}
FIGURES = {
    *("detectability", "auc", "false_positives", "true_positives"),
    *("n_test", "n_adversarial", "top1", "top1_adversarial"),
}
SPECS = {
    "fgsm-2": ("AD(2)", "fgsm", {"eps": 8 / 255}),
    "fgsm-1": ("AD(2)", "fgsm", {"eps": 4 / 255}),
    "bim": ("AD(2)", "bim", {"eps": 4 / 255, **BIM}),
    "bim-ad4": ("AD(4)", "bim", {"eps": 4 / 255, **BIM}),
    "deepfool": ("AD(4)", "deepfool", {"steps": 1}),
    "dynamic": ("AD(2)", "dynamic", {"eps": 4 / 255, **BIM}),
    "several": (
        "AD(2)",
        ["bim", "deepfool", "fgsm"],
        {"bim": {"eps": 4 / 255, **BIM}, "deepfool": {"steps": 1}, "fgsm": {"eps": 4 / 255}},
    ),
}


def entry_of(name, spec, folder):
    """Write random weights, and return what the index says of them."""
    point, adversary, parameters = spec
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(len(name))
        content = save(build(ResNet32, point).state_dict())
    (folder / f"{name}.safetensors").write_bytes(content)
    recipe = {"fingerprint": fingerprint(zoo.load(MODEL, "cpu")), "parameters": parameters}
    return {
        **{"kind": "detector", "method": "subnetwork", "model": MODEL, "data": "none"},
        **{"file": f"{name}.safetensors", "sha256": hashlib.sha256(content).hexdigest()},
        **{"point": point, "adversary": adversary, "eps": parameters.get("eps"), "recipe": recipe},
        **{"command": "none", "threshold": 0.5, "n": 7, "epochs": 3, "top1_adversarial": 0.1},
    }


def squeezing():
    recipe = {"fingerprint": fingerprint(zoo.load(MODEL, "cpu")), "squeezers": ["bits-2"]}
    return {
        **{"kind": "detector", "method": "squeezing", "model": MODEL, "data": "none"},
        **{"file": None, "sha256": None, "point": None, "adversary": None, "eps": None},
        **{"command": "none", "threshold": 0.1, "recipe": recipe},
    }


@pytest.fixture
def bundled(tmp_path, monkeypatch):
    """A folder of weights with the detectors named, of ``SPECS`` or ``squeezing``."""
    folder = tmp_path / "weights"
    folder.mkdir()
    classifier = zoo.index()[MODEL]

    def install(*names):
        index = {MODEL: classifier}
        for name in names:
            made = squeezing() if name == "squeezing" else entry_of(name, SPECS[name], folder)
            index[name] = made
        (folder / "index.json").write_text(json.dumps(index))
        monkeypatch.setattr(weights, "WEIGHTS", folder)
        monkeypatch.setattr(loading, "_detectors", {})
        monkeypatch.setattr(bundled_detectors, "DEFAULTS", {MODEL: "bim"})

    shutil.copy(WEIGHTS / f"{MODEL}.safetensors", folder)
    return install


@pytest.fixture
def evaluated(command, tmp_path, monkeypatch):
    """Run on six pictures that stand for CIFAR-10, all of which the classifier gets right."""
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (6, 3, 32, 32), dtype=torch.uint8, generator=generator)
    labels = zoo.load(MODEL, "cpu")(pixels.float() / 255).argmax(1)
    monkeypatch.setitem(vars(cifar10.RECORD), "read", lambda split, root: (pixels, labels))
    monkeypatch.setattr(f"{TABLES}.parts.SIGMAS", (0.0, 0.5, 1.0))
    monkeypatch.setattr(
        f"{TABLES}.parts.UNSEEN", (("fgsm", {"eps": 8 / 255}, 6), ("noise", {"eps": 0.1}, 3))
    )
    monkeypatch.setattr(attacks, "names", lambda pair=False: ["dynamic"])
    monkeypatch.setattr(pairs, "PARAMETERS", {"dynamic": {"steps": 2}})
    few = {name: second.SECONDS[name] for name in ("pgd-at", "jpeg")}
    monkeypatch.setattr(second, "SECONDS", few)  # of which one is not trained here

    def run(*more, out="detectors.json"):
        where = ("--out", tmp_path / out) if out else ()
        return command(
            *("evaluate-detectors", "--device", "cpu", "--cache", tmp_path / "cache"), *where, *more
        )

    run.pixels, run.labels, run.out = pixels, labels, tmp_path / "detectors.json"
    return run


def test_all_parts_and_what_is_in_them(evaluated, bundled):
    bundled(*SPECS, "squeezing")
    ended = evaluated("--json")
    assert ended.status == 0, ended.err
    value = ended.json
    assert value == json.loads(evaluated.out.read_text())
    assert value["model"] == MODEL
    assert value["weights_sha256"] == zoo.index()[MODEL]["sha256"]
    assert list(value["parts"]) == list(PARTS)
    for name, part in value["parts"].items():
        assert part["command"] == f"python -m robust_core evaluate-detectors --part {name}"
        assert part["n"] == 6
        assert value["conditions"][name]["device"] == "cpu"
    parts = value["parts"]
    own = parts["adversaries"]["rows"]
    assert [row["detector"] for row in own] == ["fgsm-2", "fgsm-1", "bim", "bim-ad4", "deepfool"]
    assert own[0]["eps"] == 8 / 255
    assert own[-1]["eps"] is None
    assert own[0]["n_train"] == 7
    assert (
        set(own[0]["floats"]) == set(own[0]["eight_bit"]) == set(own[0]["at_threshold"]) == FIGURES
    )
    assert [row["detector"] for row in parts["depth"]["rows"]] == ["bim", "bim-ad4"]
    assert parts["depth"]["rows"][0] == own[2]
    assert list(parts["reject"]["second"]) == ["jpeg"]
    assert all(list(row["second"]) == ["jpeg"] for row in parts["reject"]["rows"])
    eps = parts["eps"]["fgsm"]
    assert (eps["eps"], eps["detectors"]) == ([4 / 255, 8 / 255], ["fgsm-1", "fgsm-2"])
    assert parts["transfer"]["detectors"] == ["fgsm-1", "bim", "deepfool"]
    assert parts["transfer"]["adversaries"][2] == {"adversary": "deepfool", "eps": None}
    assert parts["several"]["detector"] == "several"
    rows = parts["several"]["rows"]
    assert [(row["adversary"], row["own"]["detector"], row["own"]["point"]) for row in rows] == [
        *(("bim", "bim", "AD(2)"), ("deepfool", "deepfool", "AD(4)"), ("fgsm", "fgsm-1", "AD(2)"))
    ]
    assert [row["several"]["detector"] for row in rows] == ["several"] * 3
    for i, row in enumerate(rows):  # as rows of the tables of each
        (same,) = [r for r in own if r["detector"] == row["own"]["detector"]]
        j = parts["transfer"]["detectors"].index(row["own"]["detector"])
        assert row["own"]["floats"] == same["floats"] == parts["transfer"]["matrix"][j][j], i
        assert row["own"]["eight_bit"] == same["eight_bit"]
        assert set(row["several"]["eight_bit"]) == set(row["several"]["floats"]) == FIGURES
    assert rows[0]["own"]["floats"] != rows[0]["several"]["floats"]
    sigma = parts["sigma"]
    assert {kind: one["name"] for kind, one in sigma["detectors"].items()} == {
        **{"static": "bim", "dynamic": "dynamic"}
    }
    assert (sigma["sigmas"], sigma["steps"], sigma["step_size"]) == ([0, 0.5, 1], 2, 2 / 255)
    known = {(r["detector"], round(255 * r["eps"])) for r in parts["full_knowledge"]["rows"]}
    assert known == {(d, e) for d in ("bim", "dynamic", "squeezing") for e in (4, 8)}
    unseen = {(row["detector"], row["attack"]) for row in parts["unseen"]["rows"]}
    everything = {*SPECS, "squeezing"}
    assert unseen == {(d, "noise") for d in everything} | {
        (d, "fgsm") for d in everything if d != "several" and not d.startswith("fgsm")
    }
    assert {row["detector"] for row in parts["roc"]["rows"]} <= everything - {"bim-ad4", "fgsm-2"}
    tables = {name: PARTS[name].text(KINDS[name].from_json(part)) for name, part in parts.items()}
    assert all(table.startswith(f"{name}: ") for name, table in tables.items())
    assert tables["transfer"].count("fgsm 0.0157") == 2
    assert [line.split()[0] for line in tables["several"].splitlines()[-3:]] == SPECS["several"][1]


def test_figures_are_those_of_a_direct_computation(evaluated, bundled):
    bundled("fgsm-1", "fgsm-2", "bim", "dynamic", "deepfool", "several")
    parts = evaluated("--json", "--part", "eps", "transfer", "several", "sigma").json["parts"]
    images, classifier = evaluated.pixels.float() / 255, zoo.load(MODEL, "cpu")

    def direct(name, attack):
        adversarial = attack(classifier, images, evaluated.labels)
        delta = (adversarial - images).half().float()  # as the pictures are kept
        pair = (images, (images + delta).clamp(0, 1))
        return answers(zoo.load_detector(name, "cpu"), [pair], evaluated.labels).figures()

    fgsm = {name: attacks.create("fgsm", **SPECS[name][2]) for name in ("fgsm-1", "fgsm-2")}
    for i, fit in enumerate(fgsm):
        for j, tested in enumerate(fgsm):
            wanted = direct(fit, fgsm[tested])
            assert parts["eps"]["fgsm"]["matrix"][i][j] == pytest.approx(wanted, abs=1e-6)
    assert parts["transfer"]["matrix"][1][0] == pytest.approx(
        direct("bim", fgsm["fgsm-1"]), abs=1e-6
    )
    bim = attacks.create("bim", **SPECS["bim"][2])
    for kind, name in (("own", "bim"), ("several", "several")):
        found = parts["several"]["rows"][0][kind]["floats"]
        assert found == pytest.approx(direct(name, bim), abs=1e-6)
    for kind, name in (("static", "bim"), ("dynamic", "dynamic")):
        rows = parts["sigma"]["detectors"][kind]["rows"]
        assert rows[0] == pytest.approx(direct(name, bim), abs=1e-6)
    half = attacks.create(
        "dynamic", **SPECS["bim"][2], sigma=0.5, detector=zoo.load_detector("bim", "cpu")
    )
    wanted = direct("bim", half)
    assert parts["sigma"]["detectors"]["static"]["rows"][1] == pytest.approx(wanted, abs=1e-6)


def test_an_interruption_keeps_the_parts_before_it(evaluated, bundled, monkeypatch):
    bundled("fgsm-1", "fgsm-2", "bim")
    eps = PARTS["eps"].maker

    def interrupt(bench):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"{TABLES}.parts.eps", interrupt)
    ended = evaluated("--part", "transfer", "eps", "adversaries")
    assert ended.status == 130
    assert ended.out == ""
    last = ended.err.splitlines()[-1]
    assert "Stopped. adversaries written to" in last
    assert last.endswith("--part eps transfer")
    first = json.loads(evaluated.out.read_text())["parts"]
    assert list(first) == ["adversaries"]
    monkeypatch.setattr(f"{TABLES}.parts.eps", eps)
    monkeypatch.setattr(f"{TABLES}.parts.adversaries", interrupt)  # not asked for again
    parts = evaluated("--part", "eps", "transfer", "--json").json["parts"]
    assert list(parts) == ["adversaries", "eps", "transfer"]
    assert parts["adversaries"] == first["adversaries"]


@pytest.mark.parametrize("form", [(), ("--json",)])
def test_what_was_made_before_the_disk_was_full_is_printed(evaluated, bundled, monkeypatch, form):
    bundled("fgsm-1", "fgsm-2", "bim")
    write_json = files.write_json

    def full(path, value):
        if "eps" in value.get("parts", ()):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        write_json(path, value)

    monkeypatch.setattr(files, "write_json", full)
    ended = evaluated("--part", "adversaries", "eps", *form)
    assert ended.status == 2
    assert "No space left" in ended.err
    assert list(json.loads(evaluated.out.read_text())["parts"]) == ["adversaries"]
    if form:
        assert list(ended.json["parts"]) == ["adversaries", "eps"]
    else:
        assert "eps: " in ended.out
        assert "Written" not in ended.out


def test_pictures_and_rows_are_made_once(evaluated, bundled, monkeypatch, tmp_path):
    bundled("bim", "squeezing")
    first = evaluated("--json", "--part", "adversaries", "full_knowledge").json["parts"]
    evaluated.out.unlink()

    def refuse(*_):
        raise AssertionError("made again")

    monkeypatch.setattr(attacks.BIM, "perturb", refuse)
    monkeypatch.setattr(attacks.Dynamic, "perturb", refuse)
    again = evaluated("--json", "--part", "adversaries", "full_knowledge")
    assert again.status == 0, again.err
    assert again.json["parts"] == first


def test_what_lacks_its_detectors_is_left_out_with_a_sentence(evaluated, bundled):
    bundled("bim")
    ended = evaluated("--json")
    assert list(ended.json["parts"]) == [
        *("adversaries", "full_knowledge", "unseen", "roc", "reject")
    ]
    for part in ("depth", "eps", "transfer", "several", "sigma"):
        (line,) = [s for s in ended.err.splitlines() if s.startswith(f"{part} is left out: ")]
        assert line.endswith(".")
    complaint = "none of sigma can be made"
    ended = evaluated("--part", "sigma")
    assert ended.status == 2
    assert complaint in ended.err.splitlines()[-1]
    bundled("bim", "fgsm-2", "deepfool", "several")
    ended = evaluated("--part", "several")
    assert ended.status == 2
    assert (
        "several is left out: fgsm, as several was fitted to it, has no detector of its own."
        in ended.err
    )


def test_trained_detectors_stand_beside_the_bundled_ones(evaluated, bundled, tmp_path):
    bundled("fgsm-1")
    folder = tmp_path / "runs" / "x"
    folder.mkdir(parents=True)
    entries = {"fgsm-2": entry_of("fgsm-2", SPECS["fgsm-2"], folder) | {"n_test": 4}}
    (folder / "entry.json").write_text(json.dumps(entries))
    value = evaluated("--json", "--part", "eps", "--runs", tmp_path / "runs").json
    part = value["parts"]["eps"]
    assert part["n"] == 4  # as many as a detector was measured on
    assert part["fgsm"]["detectors"] == ["fgsm-1", "fgsm-2"]
    used = value["conditions"]["eps"]
    assert used["unbundled"] == {"fgsm-2": entries["fgsm-2"]["sha256"]}
    assert list(used["detectors"]) == ["fgsm-1"]
    assert not results.part("eps", evaluated.out).lacking
    used["detectors"]["fgsm-1"] = "0" * 64
    evaluated.out.write_text(json.dumps(value))
    os.utime(evaluated.out, ns=(1, 1))
    assert "other weights" in results.part("eps", evaluated.out).lacking
    complaint = evaluated("--runs", tmp_path / "weights").complaint
    assert complaint.endswith(f"has no folder with a trained detector of {MODEL}")
    (folder / "entry.json").write_text("[]")
    assert "entry.json is damaged" in evaluated("--runs", tmp_path / "runs").complaint


def test_a_limit_leaves_the_committed_result_alone(evaluated, bundled, monkeypatch, tmp_path):
    bundled("bim")
    monkeypatch.setattr("robust_core.paths.RESULTS", tmp_path / "results")
    ended = evaluated("--part", "adversaries", "--limit", "4", "--json", out=None)
    part = ended.json["parts"]["adversaries"]
    assert part["n"] == part["rows"][0]["floats"]["n_test"] == 4
    assert part["command"].endswith("--part adversaries --limit 4")
    assert not (tmp_path / "results").exists()
    (tmp_path / "results").mkdir()
    evaluated("--part", "adversaries", out=None)
    assert [f.name for f in (tmp_path / "results").glob("*.json")] == ["detectors.json"]


def test_a_second_evaluation_into_the_file_says_so(evaluated, bundled):
    bundled("bim")
    with files.locked(evaluated.out.with_name(f"{evaluated.out.name}.lock")):
        complaint = evaluated("--part", "adversaries").complaint
    assert f"Another evaluation writes {evaluated.out}" in complaint


def test_kept_parts_of_other_weights_are_named_and_of_another_classifier_refused(
    evaluated, bundled
):
    bundled("bim")
    evaluated("--part", "adversaries")
    value = json.loads(evaluated.out.read_text())
    value["conditions"]["adversaries"]["detectors"]["bim"] = "0" * 64
    evaluated.out.write_text(json.dumps(value))
    ended = evaluated("--part", "unseen")
    assert ended.status == 0
    assert "adversaries in" in ended.err
    assert "made with other weights of its detectors" in ended.err
    evaluated.out.write_text(json.dumps(value | {"weights_sha256": "0" * 64}))
    assert "weights_sha256" in evaluated("--part", "unseen").complaint
    evaluated.out.write_text("[]")
    assert "is damaged" in evaluated("--part", "unseen").complaint


def test_people_get_tables(evaluated, bundled):
    bundled("bim")
    ended = evaluated("--part", "adversaries")
    assert ended.status == 0, ended.err
    assert "each detector against its own adversary (6 test pictures)" in ended.out
    assert ended.out.splitlines()[2].startswith("bim ")
    assert str(evaluated.out) in ended.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--part", "frob"), ["--part must be some of adversaries, depth", "frob"]),
        (("--part",), ["--part"]),
        (("--limit", "0"), ["--limit", "from 1"]),
        (("--out", "x.txt"), ["--out must be a .json file"]),
        (("--out", "missing/x.json"), ["there is no folder"]),
        ((), ["no detectors to evaluate", "train detector --model cifar10-resnet32 --all-missing"]),
    ],
)
def test_mistakes_are_one_clear_line(command, bundled, arguments, words):
    bundled()
    complaint = command("evaluate-detectors", *arguments).complaint
    assert all(word in complaint for word in words)


def test_missing_data_is_one_clear_line(command, bundled, tmp_path):
    bundled("bim")
    complaint = command(
        "evaluate-detectors", "--data", tmp_path, "--out", tmp_path / "x.json"
    ).complaint
    assert "No CIFAR-10" in complaint
    assert not (tmp_path / "x.json").exists()
