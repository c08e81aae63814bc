"""``evaluate --suite deck-002``: a model and data of choice, the figures as JSON, and what is refused."""

import json

from robust_core.evaluation.deck_002 import protocol, results


def test_it_measures_a_model_and_its_figures_can_be_read(command, tmp_path, monkeypatch):
    monkeypatch.setattr(protocol, "SPACES", (protocol.PIXELS,))
    monkeypatch.setattr(protocol, "EPS", (0.1,))
    monkeypatch.setattr(protocol, "STEPS", {"bim": (1, 2), "pgd": (1, 6)})
    monkeypatch.setattr(protocol, "FIGURE_EPS", (0.1,))
    monkeypatch.setattr(results, "RESULTS", tmp_path)
    options = ("--suite", "deck-002", "--model", "digits-cnn", "--device", "cpu", "--json")
    out = results.file_of("digits-cnn")
    ended = command("evaluate", *options, "--limit", "10", "--out", out)
    assert ended.status == 0, ended.err
    assert json.loads(out.read_text()) == ended.json
    assert (ended.json["n"], len(ended.json["pictures"])) == (10, 10)
    found = results.measured("digits-cnn")
    assert found.row(protocol.PIXELS, 0.1, "pgd", 6, "eps/4").top1 < 10
    assert found.carlini.target1 == 10
    assert str(tmp_path) not in found.command


def test_what_the_suite_fixes_and_what_a_model_needs(command):
    complaint = command("evaluate", "--suite", "deck-002", "--eps", "0.1").complaint
    assert complaint.endswith("--suite fixes attacks, eps and goal: leave out --eps")
    complaint = command("evaluate", "--suite", "deck-002", "--model", "imagenet-vgg11").complaint
    assert "needs --data: a folder with pictures of ImageNet's classes" in complaint


def test_other_weights_are_for_torchvisions_models_where_no_suite_fixes_them(command, tmp_path):
    weights = ("--weights", tmp_path / "mine.safetensors")
    single = ("evaluate", "--attack", "fgsm", "--eps", "0.1", "--data", "digits", *weights)
    assert (
        "need one of imagenet-squeezenet1_0" in command(*single, "--model", "digits-cnn").complaint
    )
    assert command("evaluate", "--suite", "digits", *weights).complaint.endswith(
        "leave out --weights"
    )
    assert " --weights mine.safetensors --data FOLDER" in results.command(
        "imagenet-squeezenet1_0", "a folder of 50 pictures", "mine.safetensors"
    )
