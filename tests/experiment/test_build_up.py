"""The parts of a build-up: what is said of the perturbation alone, and by another network."""

import numpy as np

from robust_core import attacks, zoo
from robust_core.data.fitting import to_pixels, to_tensor
from robust_core.experiment.build_up import build_up
from robust_core.experiment.perform import perform


def test_the_parts_are_of_the_pictures_that_are_shown(digits_model, digit_pictures):
    pixels = to_pixels(digit_pictures[0][:1])[0]
    experiment = perform(digits_model, pixels, attacks.create("fgsm", eps=0.2))
    robust = zoo.load("digits-cnn-pgd-at", "cpu")
    parts = build_up(experiment, digits_model, robust)
    assert parts.change.shape == pixels.shape
    assert np.abs(parts.change.astype(int) - 128).max() > 100, "not amplified"
    assert parts.exact == digits_model.predict(experiment.adversarial)[0][0]
    assert parts.alone == digits_model.predict(to_tensor(parts.change))[0][0]
    assert (parts.robust_name, parts.robust) == (
        "digits-cnn-pgd-at",
        robust.predict(experiment.shown)[0][0],
    )
    assert build_up(experiment, digits_model).robust is None
