"""Evaluate: an example at once, own pictures, stop and go on, and figures that can be repeated."""

import contextlib
import io
import json
import re
import shlex
import zipfile
from functools import partial
from types import SimpleNamespace

import pytest
import torch
from torch import nn

from robust_core import imaging, zoo
from robust_core.__main__ import main
from robust_core.classifier import Classifier
from robust_core.dashboard import lab, own_data, own_model
from robust_core.dashboard.evaluate import export, pictures, plan, running
from robust_core.data import digits
from robust_core.data.fitting import to_pixels
from robust_core.engine.keys import owner_of
from robust_core.evaluation import accuracy
from tests.visiting import ran, text
from tests.visiting import visit as visited

QUICK = {
    "model": "digits-cnn",
    "evaluate_n": "20",
    "evaluate_attacks": "fgsm",
    "evaluate_eps": "0.1",
}
visit = partial(visited, "evaluate")


@pytest.fixture
def rows(monkeypatch):
    """The rows that the page shows last."""
    kept = []
    true_show = export.show
    monkeypatch.setattr(export, "show", lambda rows: (kept.append(rows), true_show(rows))[1])
    return lambda: kept[-1]


def press(page, label: str):
    (button,) = (each for each in page.button if each.label.startswith(label))
    return ran(button.click().run())


def headline(page) -> str:
    return next(m.value for m in page.markdown if m.value.startswith("## "))


def packed(extra: dict[str, bytes] | None = None, count: int = 6) -> bytes:
    """A ZIP file of the first test digits, a folder for each class."""
    images, labels = digits.load("test")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for k in range(count):
            data = imaging.png(to_pixels(images[k : k + 1])[0])
            archive.writestr(f"mine/{int(labels[k])}/{k}.png", data)
        for name, data in (extra or {}).items():
            archive.writestr(name, data)
    return content.getvalue()


def with_zip(content: bytes, name: str = "mine.zip", **query: str):
    """The page after a ZIP file was handed over."""
    page = ran(visit(**(QUICK | {"evaluate_data": "zip"} | query)))
    (bring,) = page.file_uploader
    return bring.upload(name, content, "application/zip").run()


def test_it_opens_with_an_example_that_is_measured_at_once(nothing_kept, rows):
    page = ran(visit())
    assert headline(page).startswith("## The model gets ")
    assert all(row.value is not None for row in rows())
    assert {row.part.kind.name for row in rows()} == {"fgsm", "pgd"}
    assert "100 pictures of 10 of its 10 classes" in text(page)
    (table,) = page.dataframe
    assert len(table.value) == 6
    assert not {"state", "defence", "attacker"} & set(table.value)
    for interval, value in zip(table.value["95 %"], table.value["right"], strict=True):
        low, high = map(float, interval.split(" to "))
        assert low <= value <= high
        assert high - low > 3  # of 100 pictures


def test_page_command_and_python_agree(nothing_kept, rows, capsys):
    query = {"evaluate_defenses": "median", "evaluate_own_eps": "8/255", "evaluate_seed": "3"}
    page = ran(visit(**(QUICK | query | {"evaluate_attacks": "pgd-l2", "pgd-l2.steps": "4"})))
    assert "Nothing has been measured yet" in headline(page)
    assert not page.get("download_button")
    page = press(page, "Evaluate: 6 to run")
    assert len(page.get("download_button")) == 2
    assert "**Behind Median filter** it gets " in text(page)
    assert re.search(r"at worst \d+ against an [^;]* aware attacker", text(page))
    found = export.described(rows())["results"]
    assert [(r["defense"] and r["defense"]["name"], r["adaptive"]) for r in found] == [
        (None, False),
        ("median", False),
        ("median", True),
    ]
    for result in found:
        words = shlex.split(result["command"])
        assert words[:4] == ["python", "-m", "robust_core", "evaluate"]
        capsys.readouterr()
        assert main([*words[3:], "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        for key in told.keys() - {"rows", "versions", "device", "weights_sha256"}:
            assert result[key] == told[key], key
        for ours, theirs in zip(result["rows"], told["rows"], strict=True):
            ours = ours | {"seconds": theirs["seconds"]}
            del ours["top1_wilson"]
            assert ours == theirs
    row = rows()[-1]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(export.python_of(row), {})
    assert printed.getvalue().split() == [str(row.part.radii[0]), str(row.figures["top1"])]


def test_stop_keeps_what_is_done_and_going_on_does_not_do_it_again(nothing_kept, monkeypatch):
    query = QUICK | {"evaluate_attacks": "fgsm,bim", "evaluate_eps": "0.01,0.1"}
    evaluated, true_evaluate = [], accuracy.evaluate

    def evaluate(model, name, *given, **options):
        evaluated.append((name, options["eps_list"]))
        return true_evaluate(model, name, *given, **options)

    monkeypatch.setattr(accuracy, "evaluate", evaluate)
    asking, true_ask = [], lab.ask

    def ask(key, work, **options):
        asking.append(options)
        return true_ask(key, work, **options)

    monkeypatch.setattr(lab, "ask", ask)
    true_run = running._run

    def stopping(part, tell):
        if len(evaluated) == 2:
            running._stop(asked)
            return False
        return true_run(part, tell)

    asked = []
    true_fill = running.fill
    monkeypatch.setattr(
        running,
        "fill",
        lambda parts, *rest: (asked.__setitem__(slice(None), parts), true_fill(parts, *rest)),
    )
    monkeypatch.setattr(running, "_run", stopping)
    page = press(ran(visit(**query)), "Evaluate: 4 to run")
    assert list(page.dataframe[0].value["state"]) == ["done", "done", "waiting", "waiting"]
    monkeypatch.setattr(running, "_run", true_run)
    page = press(ran(page.run()), "Go on: 2 of 4 left")
    assert "state" not in page.dataframe[0].value
    assert len(evaluated) == len(set(map(str, evaluated))) == 4
    assert [o["background"] for o in asking if o["channel"] == running.CHANNEL] == [True] * 4
    assert "state" not in ran(visit(**query)).dataframe[0].value, "kept for a second visit"
    assert len(evaluated) == 4


def test_after_a_stop_it_says_how_many_pictures_are_kept(nothing_kept, rows):
    page = ran(visit(**QUICK))
    assert "pictures kept" not in text(page)
    (row,) = rows()
    finished = page.session_state["_evaluate_batches"][row.part.key] = {}
    assert "0 of 20 pictures kept" in text(page.run())
    finished["fgsm", 0, 8] = finished["fgsm", 8, 12] = None
    assert ": 12 of 20 pictures kept. A batch" in text(ran(page.run()))
    assert "Go on: 1 of 1 left" in {button.label for button in page.button}


def test_own_pictures_are_read_counted_and_evaluated(nothing_kept, rows):
    page = ran(with_zip(packed({"mine/3/z.png": b"no *picture*"})))
    assert "6 pictures of" in text(page)
    assert "In use: mine.zip" in text(page)
    (warned,) = page.warning
    assert warned.value.startswith("1 file left out")
    assert "mine/3/z.png" in warned.value
    press(page, "Evaluate: 1 to run")
    (row,) = rows()
    assert owner_of(row.part.key) == page.session_state["_session"]
    images, labels = digits.load("test")
    model = zoo.load("digits-cnn", "cpu")
    rounded = torch.from_numpy(to_pixels(images[:6])).permute(0, 3, 1, 2).float() / 255
    expected = accuracy.evaluate(model, "fgsm", rounded, labels[:6], eps_list=[0.1])
    assert row.figures["top1"] == pytest.approx(expected["rows"][0]["top1"])
    (command,) = plan.commands([row.part]).values()
    assert "--data mine.zip --limit 20 --attack fgsm --eps 0.1" in command
    assert "not your pictures" in text(page)
    assert "mine.zip" not in str(page.query_params)


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"mine/bird/a.png": b""}, "'bird' is not a class"),
        ({"../3/a.png": b""}, "leads out of it"),
        ({"a.png": b"\x89PNG\r\n\x1a\n"}, "outside its folders"),
        ({"mine/4/": b""}, "is empty"),
    ],
)
def test_a_hostile_file_gets_a_sentence(extra, words):
    page = with_zip(packed(extra, 1))
    assert not page.exception
    (error,) = page.error
    assert words in error.value.replace("\\", "")
    assert not page.dataframe
    assert "In use" not in text(page)


def test_a_page_that_is_loaded_again_says_what_is_gone(monkeypatch):
    monkeypatch.setattr(own_model, "allowed", lambda: True)
    page = ran(visit(**(QUICK | {"model": "own", "evaluate_data": "zip"})))
    (told,) = (each.value for each in page.info if "reloaded" in each.value)
    assert told.startswith("The network and the pictures belonged to the page before")
    (bring,) = (each for each in page.file_uploader if "ZIP" in each.label)
    page = bring.upload("mine.zip", packed(), "application/zip").run()
    (told,) = (each.value for each in page.info if "reloaded" in each.value)
    assert told.startswith("The network belonged to the page before")
    page = ran(visit(**QUICK))
    page = ran(page.segmented_control(key="evaluate_data").set_value("zip").run())
    assert "reloaded" not in text(page), "they were never there"


def test_no_archive_at_all_and_only_bombs():
    (error,) = with_zip(b"hello").error
    assert "not a ZIP file" in error.value
    (error,) = with_zip(packed({"mine/3/bomb.png": bytes(9 * 2**20)}, 0)).error
    assert "grows beyond 8 MB" in error.value


def test_a_folder_of_this_machine_where_the_server_allows_it(tmp_path, monkeypatch, nothing_kept):
    monkeypatch.setenv(own_data.SWITCH, "on")
    with zipfile.ZipFile(io.BytesIO(packed())) as archive:
        archive.extractall(tmp_path)
    page = ran(visit(**(QUICK | {"evaluate_data": "folder"})))
    (path,) = (each for each in page.text_input if each.label.startswith("Folder"))
    page = ran(path.set_value(str(tmp_path / "mine")).run())
    assert "6 pictures of" in text(page)
    assert str(tmp_path) not in str(page.query_params)
    page = path.set_value(str(tmp_path / "nothing")).run()
    assert "There is no folder" in page.error[0].value
    monkeypatch.setenv(own_data.SWITCH, "off")
    page = ran(visit(**(QUICK | {"evaluate_data": "folder"})))
    assert "Folder" not in page.segmented_control(key="evaluate_data").options
    assert "which is not available here; Test set" in page.info[0].value


def test_a_visitors_model_is_told_which_normalisation_fits(monkeypatch):
    bundled = zoo.load("digits-cnn", "cpu")
    names = tuple(map(str, range(10)))
    known = {"class_names": names, "input_size": (8, 8), "mean": (0.0,), "std": (1.0,)}
    model = Classifier(bundled.network, name="plain", **known)
    guest = zoo.Guest("plain", model, "Your model: plain", ("--model", "plain.onnx"))
    model.provenance.details["notes"] = []
    zoo.admit(guest)
    monkeypatch.setattr(own_model, "allowed", lambda: True)
    monkeypatch.setattr(own_model, "current", lambda: guest)
    monkeypatch.setattr(pictures, "fitting", lambda model: ["digits"])
    try:
        page = ran(visit(**(QUICK | {"model": "own"})))
        told = text(page) + "".join(w.value for w in page.warning)
        assert "Without a normalisation it is right on" in told
        assert "--model plain.onnx --data digits" in page.code[0].value
    finally:
        zoo.dismiss("plain")


def test_a_visitors_model_need_not_be_square(monkeypatch):
    network = nn.Sequential(nn.Flatten(), nn.Linear(12 * 20, 3))
    nn.init.sparse_(network[1].weight, 0.5, generator=torch.Generator().manual_seed(0))
    known = {"class_names": tuple("abc"), "input_size": (12, 20), "mean": (0.0,), "std": (1.0,)}
    model = Classifier(network, name="wide", **known)
    model.provenance.details["notes"] = []
    guest = zoo.Guest("wide", model, "Your model: wide", ("--model", "wide.onnx"))
    zoo.admit(guest)
    monkeypatch.setattr(own_model, "allowed", lambda: True)
    monkeypatch.setattr(own_model, "current", lambda: guest)
    try:
        page = ran(visited(None, model="own", strip=""))
        assert "no pixel moved by more than" in text(page)
    finally:
        zoo.dismiss("wide")


def test_pictures_that_were_wrong_before_do_not_hide_those_that_were_fooled():
    """``success`` counts both: cut short, it would leave none to show."""
    effect = SimpleNamespace(success=torch.ones(200, 1, dtype=torch.bool))
    assert plan._wrong({("fgsm", 0, 200): effect}) == tuple(range(200))


def test_a_link_restores_what_it_can_hold():
    query = QUICK | {
        "evaluate_attacks": "fgsm,pgd-l2",
        "evaluate_eps": "0.01,0.5",
        "evaluate_own_eps": "8/255, 0.03",
        "evaluate_defenses": "jpeg",
        "evaluate_attackers": "aware",
        "evaluate_seed": "7",
        "jpeg.quality": "50",
        "detector": "none",
    }
    page = ran(visit(**query))
    published = {k: v[0] if isinstance(v, list) else v for k, v in page.query_params.items()}
    assert published == {k: v for k, v in query.items() if k != "model"}  # the page's own default
    for command in page.code[0].value.splitlines():
        assert ("--defense jpeg:quality=50 --adaptive" in command) or "--defense" not in command
        assert "--detector" not in command
    assert "Evaluate: 16 to run" in {button.label for button in page.button}


def test_what_cannot_be_used_gets_a_sentence():
    page = visit(**(QUICK | {"evaluate_own_eps": "2, x"}))
    assert "which are not up to 8 numbers" in page.info[0].value
    page = ran(visit(**QUICK))
    (own,) = (each for each in page.text_input if each.label == "Own values")
    page = own.set_value("0.02 -1").run()
    assert "Own values must be up to 8 numbers" in page.error[0].value


def test_without_an_attack_there_is_the_clean_accuracy(nothing_kept, rows):
    page = press(ran(visit(**(QUICK | {"evaluate_attacks": ""}))), "Evaluate: 1 to run")
    assert "noise of eps 0" in text(page)
    (row,) = rows()
    assert row.figures["top1"] == row.value["clean_top1"]
    assert headline(page) == f"## The model gets {row.figures['correct']} of 20 pictures right"
