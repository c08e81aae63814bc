"""The download of the page Attack: a ZIP file that describes an experiment in full."""

import io
from collections.abc import Sequence

import numpy as np

from robust_core import imaging, zoo
from robust_core.dashboard import archive as archives
from robust_core.dashboard.compared_defense import ComparedDefense, describe
from robust_core.dashboard.request import Request
from robust_core.dashboard.views import Views
from robust_core.experiment.perform import Experiment


def conditions(
    request: Request, experiment: Experiment, rows: Sequence[ComparedDefense] = ()
) -> dict:
    """Everything that the result depends on, the result, and what is known of the defences ``rows``."""
    index = zoo.index() if request.model.name in zoo.bundled() else {}
    weights, detector = (
        index.get(name or "", {}) for name in (request.model.name, request.detector)
    )
    found = [(row, look, trials) for row in rows for look, trials in [row.finished]]
    return {
        **experiment.summary(),
        "defenses": [
            describe(row, look, trials) for row, look, trials in found if look is not None
        ],
        "picture": archives.picture_of(request),
        "weights_sha256": weights.get("sha256"),
        "detector_sha256": detector.get("sha256"),
        "command": request.command(),
        "versions": archives.versions(),
    }


def archive(
    request: Request, experiment: Experiment, views: Views, rows: Sequence[ComparedDefense] = ()
) -> bytes:
    """A ZIP: three PNG files at native size, the exact change, and a JSON that describes them."""
    delta = io.BytesIO()
    np.save(delta, views.delta, allow_pickle=False)
    entries = {
        "clean.png": imaging.png(views.clean),
        "perturbation.png": imaging.png(views.change),
        "adversarial.png": imaging.png(views.adversarial),
        "delta.npy": delta.getvalue(),
    }
    described = conditions(request, experiment, rows) | {"perturbation_amplified_by": views.factor}
    return archives.zipped(entries, "experiment.json", described)
