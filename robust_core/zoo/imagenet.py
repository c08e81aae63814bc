"""torchvision's ImageNet classifiers with torchvision's own weights and transforms.

One of them keeps ten of the 1,000 classes, as Metzen et al. (2017), section 4.3, do with VGG16.
"""

import hashlib
import os
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit

import torch
from torch import nn

from robust_core import data, files
from robust_core.classifier import Classifier, Provenance
from robust_core.data.synsets import imagenet_indices, imagenet_synsets
from robust_core.models import SelectedVGG
from robust_core.paths import cache_home
from robust_core.zoo.weights import ZooError


@dataclass(frozen=True)
class Pretrained:
    """A classifier of torchvision, described without importing it, which takes seconds.

    ``builder`` and ``weights`` are names in ``torchvision.models``; ``file`` is what torchvision calls the
    checkpoint, of ``megabytes``. It sees squares of ``side`` pixels. ``kept`` is the data set whose classes
    are left before the softmax; None for all 1,000.
    """

    builder: str
    weights: str
    title: str
    file: str
    megabytes: float
    side: int = 224
    kept: str | None = None


IMAGENET = {
    "imagenet-squeezenet1_0": Pretrained(
        "squeezenet1_0",
        "SqueezeNet1_0_Weights",
        "SqueezeNet 1.0",
        "squeezenet1_0-b66bff10.pth",
        4.778,
    ),
    "imagenet-mobilenet_v3_large": Pretrained(
        "mobilenet_v3_large",
        "MobileNet_V3_Large_Weights",
        "MobileNet V3 Large",
        "mobilenet_v3_large-5c1a4163.pth",
        21.107,
    ),
    "imagenet-resnet50": Pretrained(
        "resnet50", "ResNet50_Weights", "ResNet-50", "resnet50-11ad3fa6.pth", 97.79
    ),
    "imagenet-vgg11": Pretrained("vgg11", "VGG11_Weights", "VGG-11", "vgg11-8a719046.pth", 506.84),
    "imagenet-vgg16": Pretrained("vgg16", "VGG16_Weights", "VGG-16", "vgg16-397923af.pth", 527.796),
    "imagenet10-vgg16": Pretrained(
        "vgg16",
        "VGG16_Weights",
        "VGG-16, ten classes",
        "vgg16-397923af.pth",
        527.796,
        kept="imagenette",
    ),
}


def build(name: str) -> nn.Module:
    """The network of an ``imagenet*`` model with fresh random weights."""
    return _selected(name, architecture(name))


def architecture(name: str) -> nn.Module:
    """torchvision's network of an ``imagenet*`` model, whose tensors are to be replaced.

    They lie on torch's default device: on "meta" they cost nothing.
    """
    import torchvision

    return getattr(torchvision.models, IMAGENET[name].builder)().float()


def _selected(name: str, network: nn.Module) -> nn.Module:
    """torchvision's ``network``, behind it the selection of the logits that the model keeps."""
    kept = IMAGENET[name].kept
    if kept is None:
        return network
    return SelectedVGG(network, imagenet_indices(data.get(kept).synsets))


def imagenet_weights(name: str):
    """torchvision's weights enum member of an ``imagenet-*`` model (its newest one)."""
    import torchvision

    return getattr(torchvision.models, IMAGENET[name].weights).DEFAULT


def unique(names: list[str]) -> tuple[str, ...]:
    """Names, with the index appended where several classes share one: ImageNet has two cranes."""
    times = Counter(names)
    return tuple(f"{name} ({i})" if times[name] > 1 else name for i, name in enumerate(names))


def checkpoint_path(name: str) -> Path:
    """Where torchvision keeps the weights of an ``imagenet-*`` model once they are downloaded."""
    hub = torch.hub.get_dir()
    if hub.startswith("~"):  # the ~ stays where there is no home folder
        hub = str(cache_home() / "torch" / "hub")
    return Path(hub) / "checkpoints" / IMAGENET[name].file


@lru_cache
def _digest(path: Path, _changed: int) -> str:
    """SHA-256 of a file, read once per process: the largest has 528 MB."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def official(path: Path) -> bool:
    """Whether a checkpoint matches its name, which ends in the first digits of its SHA-256.

    torchvision checks that when it downloads, and never again.
    """
    beginning = torch.hub.HASH_REGEX.search(path.name)
    changed = path.stat().st_mtime_ns
    return beginning is not None and _digest(path, changed).startswith(beginning[1])


def download(name: str, instead: str) -> Classifier:
    """An ``imagenet-*`` model, downloaded if it is not there yet.

    Raises ``ZooError`` where that fails or the file is damaged; the message suggests ``instead``.
    """
    weights = imagenet_weights(name)
    path = checkpoint_path(name)
    with torch.device("cpu"):
        network = architecture(name)
    otherwise = f"or choose a bundled model, such as {instead}"
    try:
        if os.path.exists(path):
            if not official(path):
                raise ZooError(
                    f"The weights {path} are damaged: their SHA-256 does not begin as their name says. "
                    f"Delete that file to download it again, {otherwise}"
                )
        else:  # said first: where the network fails too, that is not the reason
            files.check_writable(path.parent, f"set TORCH_HOME to a folder that can, {otherwise}")
        state = weights.get_state_dict(
            model_dir=str(path.parent), progress=True, check_hash=True, weights_only=True
        )
        network.load_state_dict(state)
    except Exception as error:
        raise ZooError(_reason(error, name, path, otherwise)) from error
    return classifier(name, network)


def classifier(name: str, network: nn.Module) -> Classifier:
    """torchvision's loaded ``network`` with its normalisation, sizes, class names, and selection."""
    weights = imagenet_weights(name)
    transform = weights.transforms()
    kept = IMAGENET[name].kept
    record = data.get(kept) if kept else None
    metrics = weights.meta.get("_metrics", {}).get("ImageNet-1K", {})
    return Classifier(
        _selected(name, network),
        name=name,
        class_names=record.class_names if record else unique(weights.meta["categories"]),
        synsets=record.synsets if record else imagenet_synsets(),
        input_size=(transform.crop_size[0], transform.crop_size[0]),
        mean=tuple(transform.mean),
        std=tuple(transform.std),
        resize=transform.resize_size[0],
        provenance=Provenance(
            data="ImageNet-1K",
            # torchvision's is that of all 1,000 classes.
            accuracy=None if record else metrics.get("acc@1", 0) / 100 or None,
            source=f"torchvision {weights}",
            details={"url": weights.url},
        ),
    )


def _reason(error: Exception, name: str, path: Path, otherwise: str) -> str:
    """Why a model is not there, and what to do."""
    if isinstance(error, ValueError):  # said already
        return str(error)
    if isinstance(error, OSError) and error.errno in files.FULL:
        return (
            f"There is no room for the weights of {name} in {path.parent}: make room, {otherwise}"
        )
    if (
        isinstance(error, OSError)
        and error.filename is not None
        and not isinstance(error, URLError)
    ):
        return (
            f"{error.filename} cannot be read or written to ({error.strerror}): set TORCH_HOME to "
            f"another folder, {otherwise}"
        )
    if isinstance(error, OSError):
        return (
            f"The weights of {name} could not be downloaded ({getattr(error, 'reason', error)}). "
            f"Check the connection and try again, {otherwise}"
        )
    if isinstance(error, RuntimeError) and not os.path.exists(
        path
    ):  # torch deletes what has another hash
        host = urlsplit(imagenet_weights(name).url).hostname
        return (
            f"The download from {host} is not the weights of {name}. If this network has a page to sign "
            f"in, open it in a browser first and try again, {otherwise}"
        )
    return (
        f"The weights {path} are damaged ({type(error).__name__}). Delete that file to download it "
        f"again, {otherwise}"
    )
