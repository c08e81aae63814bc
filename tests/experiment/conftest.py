"""Pictures for the experiments."""

import numpy as np
import pytest

from robust_core.data.fitting import to_pixels


@pytest.fixture(scope="session")
def digit(digit_pictures) -> tuple[np.ndarray, int]:
    """A test digit as pixels uint8 ``[8, 8, 1]``, and its label."""
    images, labels = digit_pictures
    return to_pixels(images[:1])[0], int(labels[0])


@pytest.fixture(scope="session")
def pixels(digits_test) -> np.ndarray:
    """A nine of the test set, as uint8 ``[8, 8, 1]``."""
    images, labels = digits_test
    return to_pixels(images[(labels == 9).nonzero()[0]])[0]
