"""Feature squeezing: calibrated on pictures of its own, measured, entered without a file."""

import json

import pytest
import torch

from robust_core.attacks import FGSM, Noise
from robust_core.detectors import METHODS
from robust_core.detectors.measure import answers
from robust_core.training.detectors.squeezing import SqueezingRecipe, export_squeezing
from robust_core.training.export import install
from robust_core.zoo.weights import fingerprint

NAME = "digits-cnn-squeezing"
ATTACKS = (FGSM(eps=0.2), Noise(eps=0.05))


@pytest.fixture(scope="module")
def exported(digits_model, opponents, measurement):
    recipe = SqueezingRecipe("digits-cnn", fingerprint(digits_model), ("bits-1", "median-2"))
    entry = export_squeezing(digits_model, recipe, opponents(*ATTACKS), measurement)
    return measurement.folder, entry


def test_the_threshold_keeps_to_the_rate_on_its_own_pictures(exported, digits_model, digits_test):
    _, entry = exported
    detector = METHODS.get("squeezing").from_entry(digits_model, {}, entry)
    assert (entry["false_positive_rate"], entry["n_calibration"]) == (0.05, 100)
    scores = detector.score(digits_test[0][-100:])
    assert (scores > detector.threshold).sum() == 5
    assert entry["calibration_range"] == pytest.approx([scores.min().item(), scores.max().item()])


def test_the_figures_are_those_of_the_detector(exported, digits_model, digits_test):
    _, entry = exported
    detector = METHODS.get("squeezing").from_entry(digits_model, {}, entry)
    images, labels = (part[:80] for part in digits_test)
    fgsm, noise = entry["against"]
    attacked = ATTACKS[0](digits_model, images, labels)
    said = answers(detector, [(images, attacked)], labels).figures(entry["threshold"])
    # What was crafted is kept as float16, so that a pixel can fall to the other side of one bit.
    assert {key: fgsm[key] for key in said} == pytest.approx(said, abs=0.03)
    assert fgsm["n_adversarial"] > noise["n_adversarial"]
    assert entry["n_test"] == entry["at_threshold"]["n_test"] == 80
    assert entry["n_adversarial"] == fgsm["n_adversarial"] + noise["n_adversarial"]
    assert entry["at_threshold"]["false_positives"] == fgsm["false_positives"]


def test_there_is_an_entry_and_no_file_and_both_install(exported, tmp_path):
    folder, entry = exported
    assert (entry["file"], entry["sha256"]) == (None, None)
    assert (entry["kind"], entry["method"], entry["model"]) == (
        *("detector", "squeezing"),
        "digits-cnn",
    )
    assert {path.name for path in folder.iterdir()} == {"cache", "entry.json"}
    assert install(folder, NAME, tmp_path) == tmp_path / "index.json"
    assert {path.name for path in tmp_path.iterdir()} == {"index.json", "index.lock"}
    index = json.loads((tmp_path / "index.json").read_text())
    assert index == {NAME: json.loads(json.dumps(entry))}


def test_calibration_does_not_depend_on_the_batch(digits_model, exported):
    _, entry = exported
    detector = METHODS.get("squeezing").from_entry(digits_model, {}, entry)
    x = torch.rand(7, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    one = torch.cat([detector.score(picture[None]) for picture in x])
    torch.testing.assert_close(detector.score(x), one, atol=1e-5, rtol=0)
