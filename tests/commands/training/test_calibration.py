"""``train calibration``: the range of scores that each threshold was set on, and nothing else."""

import json

import pytest
import torch

from robust_core import data, zoo
from robust_core.commands.training import detector_data
from robust_core.training import export
from robust_core.training.detectors.measurement import calibration

NAME = "cifar10-resnet32-ad2-bim-2-255"
COUNT = 6


@pytest.fixture
def calibrated(bundle, weights_folder, few_pictures, monkeypatch) -> dict:
    """What its pictures say of a bundled detector, whose threshold was set on them."""
    monkeypatch.setattr(export.amend, "__defaults__", (weights_folder,))
    bundle(NAME, n_calibration=COUNT)
    test = data.get("cifar10").stored("test")
    _, pictures = detector_data.halves(test, 1, COUNT)
    found = calibration(zoo.load_detector(NAME, "cpu"), pictures)
    export.amend({NAME: {"threshold": found["threshold"]}}, weights_folder)
    return found


def entry(folder) -> dict:
    return json.loads((folder / "index.json").read_text())[NAME]


def test_it_prints_the_range_and_records_it_where_told_to(calibrated, command, weights_folder):
    before = entry(weights_folder)
    ended = command("train", "calibration", "--device", "cpu", "--json")
    assert ended.status == 0, ended.err
    assert ended.json["ranges"][NAME] == pytest.approx(calibrated["calibration_range"])
    assert entry(weights_folder) == before
    ended = command("train", "calibration", "--device", "cpu", "--install")
    assert ended.status == 0, ended.err
    assert NAME in ended.out
    range_ = entry(weights_folder)["calibration_range"]
    assert entry(weights_folder) == before | {"calibration_range": range_}
    assert range_ == pytest.approx(calibrated["calibration_range"])
    assert zoo.load_detector(NAME, "cpu").score(torch.rand(1, 3, 32, 32)).shape == (1,)


def test_pictures_that_the_threshold_was_not_set_on_are_refused(
    calibrated, command, weights_folder
):
    export.amend({NAME: {"threshold": calibrated["threshold"] + 0.01}}, weights_folder)
    before = entry(weights_folder)
    complaint = command("train", "calibration", "--device", "cpu", "--install").complaint
    assert NAME in complaint
    assert "not those that it was set on" in complaint
    assert entry(weights_folder) == before


@pytest.mark.parametrize("option", ["--limit 5", "--epochs 2", "--model digits-cnn", "--folder x"])
def test_it_has_no_options_of_a_training(command, option):
    complaint = command("train", "calibration", *option.split()).complaint
    assert f"calibration has no {option.split()[0]}" in complaint
