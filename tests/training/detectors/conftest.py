"""What detectors of the digits are measured on, and against whom."""

from dataclasses import asdict

import pytest

from robust_core.attacks import Attack
from robust_core.training.detectors.measurement import Measurement
from robust_core.training.detectors.opponents import Opponent
from robust_core.training.recipes import DetectorRecipe
from robust_core.zoo.weights import fingerprint


@pytest.fixture(scope="module")
def opponents():
    """``opponents(attack, ...)``: attacks with their names and parameters."""

    def of(*attacks: Attack) -> list[Opponent]:
        return [Opponent(attack.name, attack, asdict(attack)) for attack in attacks]

    return of


@pytest.fixture(scope="session")
def recipe_for(resnet):
    """``recipe_for(adversary, parameters, epochs)``: a detector at AD(4) of the ResNet, five at a time."""

    def make(adversary: str, parameters: dict, epochs: int) -> DetectorRecipe:
        return DetectorRecipe(
            model=resnet.name,
            fingerprint=fingerprint(resnet),
            point="AD(4)",
            adversary=adversary,
            parameters=parameters,
            epochs=epochs,
            batch=5,
        )

    return make


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """Adversarial pictures and activations that all tests of a module share."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def measurement(digits_test, tmp_path_factory) -> Measurement:
    """On the first 80 digits of the test set, calibrated on the last 100."""
    images, labels = digits_test
    folder = tmp_path_factory.mktemp("run")
    return Measurement(
        test=(images[:80], labels[:80]),
        calibration=images[-100:],
        data="digits",
        command="the command",
        folder=folder,
        cache=folder / "cache",
        show=False,
    )
