"""Training SafetyNet: quartiles, a machine that is scikit-learn's, an entry that leads back to it."""

import hashlib
import json
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file
from sklearn.svm import SVC

from robust_core.attacks import FGSM, Noise
from robust_core.detectors import METHODS, calibrate
from robust_core.detectors.measure import area
from robust_core.detectors.safetynet import Machine, Quantiser, features
from robust_core.training.detectors.opponents import Opponent
from robust_core.training.detectors.safetynet import (
    SafetyNetRecipe,
    export_safetynet,
    fit,
    name,
    train_safetynet,
)
from robust_core.zoo.weights import fingerprint

GENERATOR = torch.Generator().manual_seed(0)
CLEAN = torch.randn(120, 10, generator=GENERATOR).double()
MOVED = torch.randn(200, 10, generator=GENERATOR).double() + 1.2
COARSE = torch.rand(40, 3, 6, 6, generator=GENERATOR)
IMAGES = torch.nn.functional.interpolate(COARSE, 32, mode="bilinear").mul(255).byte()


def values(tensors: dict, read: torch.Tensor) -> torch.Tensor:
    machine = Machine(
        tensors["prototypes"],
        tensors["coefficients"],
        tensors["intercept"].item(),
        tensors["gamma"].item(),
    )
    return machine(Quantiser(tensors["thresholds"], tensors["scales"]).hard(read))


@pytest.mark.parametrize("levels", [2, 4])
def test_the_decision_is_that_of_scikit_learn(levels):
    tensors = fit(CLEAN, MOVED, levels=levels)
    codes = Quantiser(tensors["thresholds"], tensors["scales"]).hard(torch.cat([CLEAN, MOVED]))
    truth = [0] * len(CLEAN) + [1] * len(MOVED)
    reference = SVC(C=1.0, gamma=tensors["gamma"].item(), class_weight="balanced")
    reference.fit(codes.numpy(), truth)
    other = torch.randn(50, 10, generator=torch.Generator().manual_seed(1)).double() * 2
    expected = reference.decision_function(
        Quantiser(tensors["thresholds"], tensors["scales"]).hard(other).numpy()
    )
    torch.testing.assert_close(
        values(tensors, other), torch.from_numpy(expected), atol=1e-6, rtol=0
    )


def test_each_level_holds_the_same_share_of_the_clean_pictures():
    for levels in (2, 4):
        tensors = fit(CLEAN, MOVED, levels=levels)
        codes = Quantiser(tensors["thresholds"], tensors["scales"]).hard(CLEAN)
        for level in range(levels):
            assert ((codes == level).sum(0) == len(CLEAN) / levels).all()


def test_the_width_is_the_median_distance_of_the_codes():
    tensors = fit(CLEAN, MOVED)
    codes = Quantiser(tensors["thresholds"], tensors["scales"]).hard(torch.cat([CLEAN, MOVED]))
    squares = (codes.unsqueeze(0) - codes.unsqueeze(1)).square().sum(2)
    above = squares[tuple(torch.triu_indices(len(codes), len(codes), 1))]
    assert 1 / (2 * tensors["gamma"].item()) == pytest.approx(above.median().item())


def test_it_tells_apart_what_differs_and_nothing_else():
    tensors = fit(CLEAN, MOVED)
    generator = torch.Generator().manual_seed(2)
    fresh = torch.randn(200, 10, generator=generator).double()
    moved = torch.randn(200, 10, generator=generator).double() + 1.2
    assert area(values(tensors, fresh), values(tensors, moved)) > 0.9
    same = fit(CLEAN, torch.randn(200, 10, generator=generator).double())
    assert area(values(same, fresh), values(same, moved - 1.2)) == pytest.approx(0.5, abs=0.1)


def test_a_dead_feature_does_no_harm():
    dead = torch.zeros(120, 1).double()
    tensors = fit(torch.cat([CLEAN, dead], 1), torch.cat([MOVED, torch.zeros(200, 1)], 1))
    assert (tensors["scales"] > 0).all()
    assert (tensors["prototypes"][:, -1] == 0).all()


def test_mistakes_are_named():
    with pytest.raises(ValueError, match="levels must be at least 2"):
        fit(CLEAN, MOVED, levels=1)
    with pytest.raises(ValueError, match="must give codes that differ"):
        fit(torch.zeros(10, 3), torch.zeros(10, 3))


@pytest.fixture(scope="module")
def exported(resnet, opponents, measurement):
    """A SafetyNet for FGSM on 24 pictures, measured on 6, calibrated on 10; its folder and entry."""
    known, unseen = opponents(FGSM(eps=8 / 255), Noise(eps=8 / 255, draws=1))
    adversaries = {known.name: known.parameters}
    recipe = SafetyNetRecipe(resnet.name, fingerprint(resnet), adversaries, limit=24)
    test = (IMAGES[24:30], resnet(IMAGES[24:30].float() / 255).argmax(1))
    smooth = replace(measurement, test=test, calibration=IMAGES[30:], data="smooth pictures")
    entry = export_safetynet(resnet, recipe, [known], IMAGES[:30], smooth, unseen=[unseen])
    return smooth.folder, entry, recipe


def test_the_entry_says_everything_and_leads_to_the_detector(exported, resnet):
    folder, entry, recipe = exported
    assert name(recipe) == "cifar10-resnet32-safetynet"
    content = (folder / entry["file"]).read_bytes()
    assert entry["sha256"] == hashlib.sha256(content).hexdigest()
    assert (entry["kind"], entry["method"]) == ("detector", "safetynet")
    assert (entry["point"], entry["adversary"]) == ("AD(3)+AD(4)", ["fgsm"])
    assert (entry["n"], entry["n_test"], entry["n_calibration"]) == (24, 6, 10)
    written = json.loads((folder / "entry.json").read_text())[name(recipe)]
    assert written == json.loads(json.dumps(entry))
    detector = METHODS.get("safetynet").from_entry(
        resnet, load_file(folder / entry["file"]), written
    )
    scores = detector.score(IMAGES[30:].float() / 255)
    assert entry["threshold"] == calibrate(scores, 0.05) == detector.threshold
    seen, unseen = entry["against"]
    assert (seen["adversary"], unseen["adversary"]) == ("fgsm", "noise")
    flags = detector.flags(IMAGES[24:30].float() / 255).double().mean().item()
    assert seen["false_positives"] == entry["at_threshold"]["false_positives"] == flags


def test_what_was_crafted_is_not_crafted_again(exported, resnet):
    folder, entry, recipe = exported

    def refuse(*arguments):
        raise AssertionError("crafted again")

    known = Opponent("fgsm", refuse, recipe.adversaries["fgsm"])
    tensors = train_safetynet(
        resnet, recipe, [known], IMAGES[:30], cache=folder / "cache", show=False
    )
    written = load_file(folder / entry["file"])
    assert tensors.keys() == written.keys()
    assert all(torch.equal(tensors[key], written[key]) for key in written)


def test_clean_features_are_those_of_the_classifier(exported, resnet):
    folder, entry, _ = exported
    read = features(resnet, IMAGES[:24].float() / 255, ("AD(3)", "AD(4)")).double()
    quartiles = torch.quantile(read, torch.tensor([0.25, 0.5, 0.75]).double(), dim=0).T
    torch.testing.assert_close(load_file(folder / entry["file"])["thresholds"], quartiles)
