"""An attack as slides build it up: picture, plus eps times a change, equals a picture, and what it is."""

from dataclasses import dataclass

import numpy as np

from robust_core import imaging
from robust_core.classifier import Classifier, Guess
from robust_core.data.fitting import to_tensor
from robust_core.experiment.perform import Experiment


@dataclass(frozen=True)
class BuildUp:
    """The parts of a build-up.

    ``change`` is the perturbation as it is shown, uint8 ``[H, W, C]``, ``factor`` times the change around
    grey, and ``alone`` what the model says of that picture; ``exact`` is what it says of the adversarial
    picture before rounding to 8 bits. ``robust`` is what another network, ``robust_name``, says of the
    adversarial picture.
    """

    experiment: Experiment
    change: np.ndarray
    factor: float
    alone: Guess
    exact: Guess
    robust_name: str | None = None
    robust: Guess | None = None


def build_up(
    experiment: Experiment, model: Classifier, robust: Classifier | None = None
) -> BuildUp:
    """Ask ``model`` about the perturbation alone, and ``robust`` about the adversarial picture."""
    delta = (experiment.adversarial - experiment.clean)[0].numpy().transpose(1, 2, 0)
    factor = imaging.amplification(float(np.abs(delta).max()))
    change = imaging.show_change(delta, factor)
    alone = model.predict(to_tensor(change), k=1)[0][0]
    exact = model.predict(experiment.adversarial, k=1)[0][0]
    if robust is None:
        return BuildUp(experiment, change, factor, alone, exact)
    said = robust.predict(experiment.shown, k=1)[0][0]
    return BuildUp(experiment, change, factor, alone, exact, robust.name, said)
