"""An ``imagenet*`` architecture with somebody else's weights, from a safetensors file."""

import hashlib
from dataclasses import replace
from pathlib import Path

import torch

from robust_core.classifier import Classifier
from robust_core.devices import as_device
from robust_core.zoo import imagenet
from robust_core.zoo.loading import ready
from robust_core.zoo.weights import ZooError


def load_with(name: str, path: Path, device: str | torch.device | None = None) -> Classifier:
    """``zoo.load`` for a model of torchvision, with the tensors of ``path`` instead of torchvision's.

    Its provenance names the file and its SHA-256; torchvision's accuracy does not apply to it. Raises
    ``ZooError`` where the file cannot be read, is not safetensors or does not fit, ``ValueError`` for
    another model.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    if name not in imagenet.IMAGENET:
        raise ValueError(
            f"weights of your own need one of {', '.join(imagenet.IMAGENET)}; got {name!r}"
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ZooError(f"The weights {path} cannot be read ({error.strerror})") from error
    try:
        state = load(content)
    except SafetensorError as error:
        raise ZooError(
            f"The weights {path} are not a safetensors file ({error}). Save them as one: "
            "safetensors.torch.save_file(network.state_dict(), FILE)"
        ) from error
    with torch.device("cpu"):
        network = imagenet.architecture(name)
    try:
        network.load_state_dict(state)
    except RuntimeError as error:
        first = str(error).strip().split("\n")[0].rstrip(":")
        raise ZooError(f"The weights {path} do not fit {name} ({first})") from error
    model = imagenet.classifier(name, network)
    sha = hashlib.sha256(content).hexdigest()
    model.provenance = replace(
        model.provenance,
        accuracy=None,
        source=f"{path.name}, SHA-256 {sha[:12]}, not torchvision's",
        details={"sha256": sha},
    )
    return ready(model, as_device(device))
