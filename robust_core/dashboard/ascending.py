"""FGSM's gradient of the page's picture, and what is computed from it, through the engine."""

from collections.abc import Callable
from typing import TypeVar

import torch

from robust_core import zoo
from robust_core.classifier import Classifier
from robust_core.dashboard import lab
from robust_core.dashboard.request import Request
from robust_core.data.fitting import to_tensor
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.experiment.pixels import Ascent, ascent

T = TypeVar("T")
FINE, LARGE = 25, 64
"""Points along a side of a grid, and from which side on pictures are large: those have fewer."""
COARSE = 19


def compute(
    request: Request,
    work: Callable[[Classifier, Ascent, Reporter], T],
    *,
    channel: str,
    doing: str,
    **more: object,
) -> T | None:
    """``work(model, ascent, progress)`` for the picture, network and eps of a request.

    ``more`` is what its result depends on besides. None where it was stopped or refused.
    """

    def run(progress: Reporter) -> T:
        def on(device: torch.device) -> T:
            model = zoo.load(request.model.name, device)
            image = to_tensor(request.pixels()).to(device)
            found = ascent(model, image, request.shown_eps, request.label)
            return work(model, found, progress)

        return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)

    key = key_of(
        owner=request.chosen.owner,
        ascending=channel,
        picture=request.digest(),
        model=request.model.name,
        label=request.label,
        eps=request.shown_eps,
        more=more,
    )
    return lab.compute(key, run, channel=channel, doing=doing)


def points(request: Request) -> int:
    """How many points a side of a grid of pictures has: fewer for large ones, which take longer."""
    return FINE if max(request.model.input_size) < LARGE else COARSE
