"""The numbers, the commands and the ZIP file of the page: each says what the cells say."""

import csv
import hashlib
import io
import json
import shlex
import zipfile
from types import SimpleNamespace
from unittest.mock import Mock

import numpy as np
import pytest
from PIL import Image

from robust_core import defenses, zoo
from robust_core.__main__ import main
from robust_core.dashboard.compare_defenses import export
from robust_core.dashboard.compared_defense import ComparedDefense
from robust_core.data.fitting import to_pixels
from robust_core.experiment.defended import Attacker
from robust_core.goals import LeastLikely

SETTINGS = {
    "jpeg": {"quality": 50, "subsampling": "4:4:4"},
    "random-resize-pad": {"draws": 4},
    "smoothing": {"n": 60, "draws": 2, "bfloat16": False, "trained": False},
    "pgd-at": {},
}
CASES = {
    "labelled": {"attack": "pgd", "steps": 3},
    "no label": {"attack": "fgsm", "eps": 0.01, "sample": "china", "model": "cifar10-resnet32"},
    "least likely": {"attack": "bim", "steps": 4, "eps": 0.3, "goal": LeastLikely()},
    "no eps": {"attack": "deepfool"},
}


def results(request, names=SETTINGS):
    """The undefended row, the attack on it, and the rows of the defences, as the page computes them."""
    quiet = Mock()
    experiment = request.work(quiet)
    bare = ComparedDefense(defenses.Defense, request, None)
    undefended = SimpleNamespace(row=bare, look=bare.look(quiet), trials={})
    lines = []
    for name in names:
        kind = defenses.get(name)
        row = ComparedDefense.of(kind, kind(**SETTINGS[name]).parameters, request)
        seen = row.look(quiet)
        trials = {who: row.try_out(who, seen, experiment, quiet) for who in Attacker}
        lines.append(SimpleNamespace(row=row, look=seen, trials=trials))
    return undefended, experiment, lines


@pytest.fixture(scope="module", params=CASES)
def found(request, make_request):
    case = CASES[request.param]
    names = ("jpeg", "pgd-at") if "model" in case else SETTINGS
    return results(make_request(**case), names)


def commanded(command: str, capsys) -> dict:
    """What the command prints, run in this process."""
    words = shlex.split(command)
    assert words[:3] == ["python", "-m", "robust_core"]
    capsys.readouterr()
    status = main([*words[3:], "--json", "--device", "cpu"])
    told = capsys.readouterr()
    assert status == 0, told.err
    return json.loads(told.out)


def test_each_command_gives_the_figures_of_its_cell(found, capsys):
    undefended, experiment, lines = found
    blocks = export.commands(undefended, lines).split("\n# ")
    assert len(blocks) == 1 + 2 * len(lines)
    told = commanded(blocks[0].split("\n")[1], capsys)
    assert told["after"]["label"] == experiment.after[0].label
    trials = [trial for line in lines for trial in line.trials.values()]
    for block, trial in zip(blocks[1:], trials, strict=True):
        title, command = block.split("\n")
        assert title == f"{defenses.get(trial.defense).title}, {trial.attacker} attacker"
        told = commanded(command, capsys)
        assert told["defense"] == {"name": trial.defense, "parameters": trial.defense_parameters}
        assert told["adaptive"] == (trial.attacker is Attacker.AWARE)
        assert told["label"]["label"] == trial.label.label
        assert told["success"] == trial.success
        for side, look in (("before", trial.before), ("after", trial.after)):
            assert told[side]["label"] == look.guesses[0].label
            assert told[side]["confidence"] == pytest.approx(look.guesses[0].confidence, abs=1e-4)
        judged = told if told["eps"] is None else told["saved"]
        for norm in ("l2", "linf"):
            assert judged[norm] == pytest.approx(getattr(trial, norm), abs=1e-5)


def test_the_table_has_every_answer(found):
    undefended, experiment, lines = found
    rows = export.table(undefended, experiment, lines)
    assert len(rows) == 2 + 3 * len(lines)
    for line in lines:
        mine = {r["Attacker"]: r for r in rows if r["Defence"] == line.row.kind.title}
        assert mine["none"]["Says"] == line.look.guesses[0].label
        assert mine["none"]["Prediction"] == 1000 * line.look.seconds
        assert (mine["none"]["Certified L2"] is None) == (line.look.certificate is None)
        for who, trial in line.trials.items():
            row = mine[str(who)]
            assert row["Outcome"] == trial.outcome.value
            assert row["Says"] == trial.after.guesses[0].label
            assert row["Linf"] == 255 * trial.linf
            assert row["Gradients"] == trial.gradients


@pytest.fixture(scope="module")
def unzipped(make_request):
    undefended, experiment, lines = results(make_request("pgd", steps=3), ("jpeg", "smoothing"))
    with zipfile.ZipFile(io.BytesIO(export.archive(undefended, experiment, lines))) as bundle:
        assert bundle.testzip() is None
        files = {name: bundle.read(name) for name in bundle.namelist()}
    return undefended, experiment, lines, files


def test_the_zip_holds_the_saved_pictures_of_every_cell(unzipped):
    _, experiment, lines, files = unzipped

    def pixels(name: str) -> np.ndarray:
        with Image.open(io.BytesIO(files[name])) as image:
            return np.asarray(image)[..., None]

    assert (pixels("clean.png") == experiment.pixels()[0].numpy()).all()
    assert (pixels("undefended.png") == experiment.pixels()[1].numpy()).all()
    for line in lines:
        for who, trial in line.trials.items():
            name = f"{line.row.kind.name}-{who}"
            assert (pixels(f"{name}.png") == to_pixels(trial.after.picture)[0]).all()
            assert (pixels(f"{name}-seen.png") == to_pixels(trial.after.seen)[0]).all()
    assert len(files) == 2 + 4 * len(lines) + 2


def test_the_zip_describes_everything(unzipped):
    _, experiment, lines, files = unzipped
    told = json.loads(files["comparison.json"])
    assert told["undefended"]["after"]["label"] == experiment.after[0].label
    assert told["picture"]["reference"] == "sample:digits-test-3"
    assert told["weights_sha256"]["digits-cnn"] == zoo.index()["digits-cnn"]["sha256"]
    for line, one in zip(lines, told["defenses"], strict=True):
        assert one["name"] == line.row.kind.name
        assert one["parameters"] == line.row.defense.parameters
        for who, trial in line.trials.items():
            assert one[str(who)]["outcome"] == trial.outcome.value
            assert one[str(who)]["command"] == line.row.command(trial)
    for name, digest in told["files_sha256"].items():
        assert hashlib.sha256(files[name]).hexdigest() == digest


def test_the_table_is_in_the_zip_with_its_units(unzipped):
    undefended, experiment, lines, files = unzipped
    rows = list(csv.DictReader(io.StringIO(files["defences.csv"].decode())))
    table = export.table(undefended, experiment, lines)
    assert [row["Says"] for row in rows] == [row["Says"] for row in table]
    assert {"Linf in 255ths", "Time in ms", "Prediction in ms"} <= set(rows[0])
    aware = next(row for row in rows if row["Attacker"] == "aware")
    assert float(aware["Linf in 255ths"]) == 255 * lines[0].trials[Attacker.AWARE].linf
