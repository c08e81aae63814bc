"""``attack --detector``: the default, another, none; and attacks that fool both."""

import pytest
import torch

from robust_core import attacks, zoo
from robust_core.data import samples
from robust_core.data.fitting import as_saved, fit, to_tensor
from robust_core.zoo import loading

NAME = "cifar10-resnet32-ad2-bim-2-255"
BASE = ("attack", "sample:chelsea", "--model", "cifar10-resnet32", "--device", "cpu")
FGSM = (*BASE, "--attack", "fgsm", "--eps", "0.05")
DYNAMIC = (*BASE, "--attack", "dynamic", "--eps", "0.03", "--steps", "2")


def test_the_default_detector_is_asked_and_none_is_not(command, bundle):
    bundle()
    value = command(*FGSM, "--json").json["detector"]
    assert set(value) == {
        *("name", "threshold", "before", "after", "clean", "adversarial", "adversarial_8bit"),
        *("flagged_clean", "flagged", "flagged_8bit", "verdict"),
        *("calibration_range", "outside_calibration", "trained_eps"),
    }
    assert value["name"] == NAME
    pixels = samples.load("chelsea").picture.pixels
    clean = to_tensor(fit(pixels, size=(32, 32), resize=32, channels=3, how="crop"))
    model, detector = zoo.load("cifar10-resnet32", "cpu"), zoo.load_detector(NAME, "cpu")
    adversarial = attacks.create("fgsm", eps=0.05)(model, clean, model(clean).argmax(1))
    adversarial = as_saved(adversarial, clean)  # with an eps, the picture that is saved is judged
    assert value["clean"] == pytest.approx(detector.score(clean).item(), abs=1e-6)
    assert value["adversarial"] == pytest.approx(detector.score(adversarial).item(), abs=1e-6)
    assert value["flagged"] is bool(detector.flags(adversarial))
    assert command(*FGSM, "--json", "--detector", "none").json["detector"] is None


def test_without_a_default_no_detector_is_asked(command, bundle):
    bundle("cifar10-resnet32-ad4-deepfool", point="AD(4)")
    assert command(*FGSM, "--json").json["detector"] is None
    named = command(*FGSM, "--json", "--detector", "cifar10-resnet32-ad4-deepfool").json
    assert named["detector"]["name"] == "cifar10-resnet32-ad4-deepfool"


def test_people_get_one_line(command, bundle):
    bundle(threshold=0.0)
    lines = command(*FGSM).out.splitlines()
    (line,) = [line for line in lines if NAME in line]
    assert "threshold 0.000" in line
    assert line.endswith("a false alarm.")
    assert not any(NAME in line for line in command(*FGSM, "--detector", "none").out.splitlines())


def test_a_picture_outside_the_calibration_and_a_change_outside_the_training_are_said(
    command, bundle
):
    bundle(calibration_range=[0.999, 1.0])
    value = command(*FGSM, "--json").json["detector"]
    assert value["calibration_range"] == [0.999, 1.0]
    assert value["outside_calibration"] is True
    assert value["trained_eps"] == {"linf": 2 / 255}
    said = command(*FGSM).out
    assert "is below those of all pictures that the threshold was set on (0.999 to 1.000)" in said
    assert "6 times the eps that the detector was trained on, 2/255" in said
    bundle(calibration_range=[0.0, 1.0])
    loading._detectors.clear()
    small = command(*BASE, "--attack", "fgsm", "--eps", "2/255").out
    assert "threshold was set on" not in small
    assert "trained on" not in small


def test_unknown_detectors_and_those_of_other_models(command, bundle):
    bundle()
    said = command(*FGSM, "--detector", "x").complaint
    assert said == f"detector of cifar10-resnet32 must be one of {NAME}, none; got 'x'"
    digits = ("attack", "sample:digits-test-3", "--model", "digits-cnn", "--attack", "fgsm")
    said = command(*digits, "--eps", "0.1", "--detector", NAME).complaint
    assert "must be none, as it has no detectors" in said


def test_an_attack_on_both_gets_the_detector_that_is_named(command, bundle):
    bundle()
    other = bundle("cifar10-resnet32-ad4-deepfool", seed=1, point="AD(4)")
    for words, name in (((), NAME), (("--detector", other), other)):
        value = command(*DYNAMIC, "--sigma", "1", *words, "--json").json
        assert value["parameters"]["sigma"] == 1
        assert value["parameters"]["detector"] == value["detector"]["name"] == name
        assert value["detector"]["after"] < value["detector"]["before"]
        assert value["linf"] <= 0.03 * (1 + 1e-6)
        assert value["queries"] == value["gradients"] == 2


def test_an_attack_on_both_needs_one(command, bundle, weights_folder):
    digits = ("attack", "sample:digits-test-3", "--model", "digits-cnn", "--attack", "dynamic")
    said = command(*digits, "--eps", "0.1").complaint
    assert said == "dynamic needs a --detector to fool: digits-cnn has none"
    bundle()
    said = command(*DYNAMIC, "--detector", "none").complaint
    assert said == f"dynamic needs a --detector to fool: one of {NAME}"
    said = command(
        *("evaluate", "--model", "digits-cnn", "--attack", "dynamic", "--eps", "0.1"),
        *("--data", "digits"),
    ).complaint
    assert "evaluate" in said
    assert "detector" in said


def test_wrong_values_of_an_attack_on_both(command, bundle):
    bundle()
    assert "sigma must be a number from 0 to 1" in command(*DYNAMIC, "--sigma", "2").complaint


def test_a_damaged_detector_is_one_line(command, bundle, weights_folder):
    bundle()
    (weights_folder / f"{NAME}.safetensors").write_bytes(b"rubbish")
    assert "damaged" in command(*FGSM).complaint
    assert command(*FGSM, "--detector", "none").status == 0


def test_torch_state_is_left_alone(command, bundle):
    bundle()
    before = torch.get_rng_state()
    command(*FGSM)
    assert torch.equal(before, torch.get_rng_state())
