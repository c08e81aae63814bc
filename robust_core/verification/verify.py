"""One call for all methods: which pictures are proved, which are broken, and which remain unknown."""

import time

import torch
from torch import Tensor

from robust_core.attacks.checks import check_batch, check_classes, check_labels
from robust_core.contract import check_pictures
from robust_core.modes import evaluating
from robust_core.progress import Progress
from robust_core.verification.boxes import LINF
from robust_core.verification.checks import check_method, radii_of, seconds_of
from robust_core.verification.findings import Findings
from robust_core.verification.models import asked, compiled, exact, module_of
from robust_core.verification.record import Verification
from robust_core.verification.task import Layers, Observer, Task

SECONDS = 60.0
"""The time budget of a picture, for the methods that solve programs."""


def verify(
    model: object,
    images: Tensor,
    labels: Tensor,
    eps: float | Tensor,
    method: str = "crown",
    *,
    norm: str = LINF,
    seconds: float = SECONDS,
    attack: bool = True,
    progress: Progress | None = None,
    observer: Observer | None = None,
    layers: Layers | None = None,
) -> Verification:
    """Whether any picture within ``eps`` of each of ``images``, and in [0, 1], gets another class.

    What is proved at ``eps`` holds at all smaller radii. Asked again at a smaller radius, ``ibp`` and
    (given time) ``milp`` prove it again; ``crown`` and ``crown-optimised`` choose other slopes there, and
    occasionally may not: the answer is then "unknown", never "broken".

    Args:
        model: a ``Classifier``, or any module from pictures to logits that can be compiled
            (``compile_network``); it is asked in eval mode and left as it was.
        images: pictures ``[N, C, H, W]`` in [0, 1].
        labels: their true classes ``[N]``.
        eps: the radius in pixel units, one for all or ``[N]``.
        method: ``ibp``, ``crown``, ``crown-optimised``: bounds, cheapest and loosest first. ``milp``:
            exact. ``lp``: proves nothing, and gives an upper bound on the robust radius (``distance``).
        norm: ``linf``; or ``l2``, which crown and crown-optimised know.
        seconds: time budget for each picture of milp and lp. What it leaves open is "unknown".
        attack: whether pictures that are not proved are attacked with PGD (20 steps), which tells
            "broken" from "unknown".
        progress: called as ``progress(pictures done, pictures)``, also within a picture; what it raises
            ends the computation.
        observer: called as ``observer(number of the picture, program solved)`` by milp.
        layers: called with the bounds before each ReLU (``layer_bounds``) of some pictures at a time.

    Raises:
        ValueError: an argument is wrong, or a layer cannot be compiled; the sentence names it.
    """
    check_method(method, norm)
    check_batch(images)
    check_pictures(model, images)
    labels = check_labels(labels, images)
    budget = seconds_of(seconds)
    radii = radii_of(eps, len(images))
    module = module_of(model)
    with torch.no_grad(), evaluating(module):
        started = time.perf_counter()
        network, logits = compiled(module, images), asked(module, images)
        check_classes(labels, logits)
        drift = (logits - exact(network, images)).abs().amax(1)
        found = Findings(module, images.detach().cpu(), labels.cpu(), radii, norm, logits, drift)
        found.seconds = time.perf_counter() - started
        Task(network, found, method, budget, progress, observer, layers).run()
        if attack:
            found.attack()
        return found.record(method)
