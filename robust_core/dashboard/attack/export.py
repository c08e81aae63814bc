"""The download of the page Attack: a ZIP file that describes an experiment in full."""

import hashlib
import io
import platform
import zipfile
from importlib.metadata import version

import numpy as np

import robust_core
from robust_core import files, imaging, zoo
from robust_core.dashboard.request import Request
from robust_core.dashboard.views import Views
from robust_core.experiment.perform import Experiment

PACKAGES = ("torch", "torchvision", "numpy", "pillow", "streamlit")


def conditions(request: Request, experiment: Experiment) -> dict:
    """Everything that the result depends on, and the result."""
    index = zoo.index() if request.model.name in zoo.bundled() else {}
    weights, detector = (
        index.get(name or "", {}) for name in (request.model.name, request.detector)
    )
    return {
        **experiment.summary(),
        "picture": {
            "reference": request.chosen.reference,
            "sha256": request.chosen.picture.sha256,
            "fit": request.how,
            "credit": request.chosen.credit or None,
        },
        "weights_sha256": weights.get("sha256"),
        "detector_sha256": detector.get("sha256"),
        "command": request.command(),
        "versions": {
            "robust_core": robust_core.__version__,
            "python": platform.python_version(),
            **{name: version(name) for name in PACKAGES},
        },
    }


def archive(request: Request, experiment: Experiment, views: Views) -> bytes:
    """A ZIP: three PNG files at native size, the exact change, and a JSON that describes them."""
    delta = io.BytesIO()
    np.save(delta, views.delta, allow_pickle=False)
    entries = {
        "clean.png": imaging.png(views.clean),
        "perturbation.png": imaging.png(views.change),
        "adversarial.png": imaging.png(views.adversarial),
        "delta.npy": delta.getvalue(),
    }
    described = conditions(request, experiment) | {
        "perturbation_amplified_by": views.factor,
        "files_sha256": {name: hashlib.sha256(data).hexdigest() for name, data in entries.items()},
    }
    entries["experiment.json"] = files.json_text(described).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, data in entries.items():
            bundle.writestr(name, data)
    return buffer.getvalue()
