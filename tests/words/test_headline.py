"""The line under a model's name comes from the committed results of exactly its weights."""

import json

import pytest

from robust_core import zoo
from robust_core.paths import RESULTS
from robust_core.words.headline import headline


@pytest.mark.parametrize(
    ("model", "suite"), [("cifar10-resnet32", "cifar10"), ("digits-cnn", "digits")]
)
def test_clean_and_robust_accuracy_stand_side_by_side(model, suite):
    report = json.loads((RESULTS / f"{suite}.json").read_text(encoding="utf-8"))
    line = headline(model)
    assert f"{100 * report['clean_top1']:.1f} % of {report['n']:,}" in line
    assert "under PGD (20 steps, Linf 8/255)" in line


def test_of_two_losses_the_stronger_on_as_many_pictures_is_named(tmp_path, monkeypatch):
    report = json.loads((RESULTS / "digits.json").read_text(encoding="utf-8"))
    (pgd,) = [result for result in report["results"] if result["attack"] == "pgd"]
    (row,) = [row for row in pgd["rows"] if row["eps"] == 8 / 255]
    others = [
        pgd
        | {
            "parameters": pgd["parameters"] | {"loss": "dlr"},
            "n": n,
            "rows": [row | {"top1": top1}],
        }
        for n, top1 in ((pgd["n"], 0.125), (100, 0.0))
    ]
    report["results"] = [others[0], pgd, others[1]]
    (tmp_path / "digits.json").write_text(json.dumps(report), encoding="utf-8")
    monkeypatch.setattr("robust_core.words.headline.RESULTS", tmp_path)
    line = headline("digits-cnn")
    assert "on 12.5 % under PGD (20 steps, Linf 8/255, DLR loss)" in line
    assert f"of {pgd['n']:,} " in line


@pytest.mark.parametrize("model", ["imagenette-resnet", "imagenette-resnet-pgd-at"])
def test_clean_accuracy_is_that_of_the_pictures_that_were_attacked(model):
    name = model.replace("-resnet", "")
    report = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    parts = {
        f"{100 * part['clean_top1']:.1f} % of {part['n']:,} Imagenette test pictures"
        for part in report["results"]
        if part["attack"] == "pgd"
    }
    assert any(part in headline(model) for part in parts)


def test_pgd_leaves_next_to_nothing_of_the_cifar10_model():
    """On the whole test set, from the committed output of ``evaluate --suite cifar10``."""
    report = json.loads((RESULTS / "cifar10.json").read_text(encoding="utf-8"))
    (row,) = [
        row
        for result in report["results"]
        for row in result["rows"]
        if result["attack"] == "pgd" and result["n"] == 10_000
    ]
    assert row["top1"] <= 0.005
    assert report["clean_top1"] >= 0.913
    assert report["weights_sha256"] == zoo.index()["cifar10-resnet32"]["sha256"]


def test_a_result_of_other_weights_is_not_shown(tmp_path, monkeypatch):
    report = json.loads((RESULTS / "digits.json").read_text(encoding="utf-8"))
    (tmp_path / "digits.json").write_text(json.dumps(report | {"weights_sha256": "0"}))
    monkeypatch.setattr("robust_core.words.headline.RESULTS", tmp_path)
    assert headline("digits-cnn") is None
    assert headline("cifar10-resnet32") is None  # there is no file


def test_models_without_results_have_no_line():
    assert headline("imagenet-vgg11") is None
