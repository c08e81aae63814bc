"""Views: the three pictures of an experiment as 8-bit pixels at native size."""

from dataclasses import dataclass

import numpy as np

from robust_core import imaging
from robust_core.experiment.perform import Experiment


@dataclass(frozen=True)
class Views:
    """uint8 ``[h, w, c]`` each; ``delta`` is the exact float32 change ``[c, h, w]``."""

    clean: np.ndarray
    change: np.ndarray
    adversarial: np.ndarray
    delta: np.ndarray
    factor: float

    @classmethod
    def of(cls, experiment: Experiment) -> "Views":
        clean, adversarial = (pixels.numpy() for pixels in experiment.pixels())
        delta = (experiment.adversarial - experiment.clean)[0].numpy()
        factor = imaging.amplification(float(np.abs(delta).max()))
        change = imaging.show_change(delta.transpose(1, 2, 0), factor)
        return cls(clean, change, adversarial, delta, factor)
