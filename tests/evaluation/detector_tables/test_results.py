"""Which file holds the tables of a classifier's detectors, and what it is asked for."""

import json

import pytest

from robust_core.evaluation.detector_tables import results

PHOTO = "imagenette-resnet"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FILE", tmp_path / "detectors.json")
    return tmp_path


def test_each_classifier_has_a_file_and_without_one_the_usual_tables_stand(folder):
    assert results.file_of(results.MODEL) == folder / "detectors.json"
    assert results.model_of(PHOTO) == results.MODEL
    assert results.parts_of(PHOTO) == []
    report = {"model": PHOTO, "data": "x", "weights_sha256": "y", "parts": {"eps": {}, "roc": {}}}
    (folder / f"detectors-{PHOTO}.json").write_text(json.dumps(report), encoding="utf-8")
    assert results.model_of(PHOTO) == PHOTO
    assert results.parts_of(PHOTO) == ["eps", "roc"]
    assert results.models() == [PHOTO]
    (folder / "detectors.json").touch()
    assert results.models() == [results.MODEL, PHOTO]
    (folder / f"detectors-{PHOTO}.json").write_text("rubbish", encoding="utf-8")
    assert results.parts_of(PHOTO) == []


def test_a_missing_part_says_the_command_of_its_classifier(folder):
    said = results.part("transfer", model=PHOTO).lacking
    assert f"evaluate-detectors --model {PHOTO} --part transfer" in said
    said = results.part("transfer").lacking
    assert "evaluate-detectors --part transfer" in said
