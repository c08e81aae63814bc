"""torchvision's ImageNet classifiers with torchvision's own weights, transforms and class names."""

import hashlib
from collections import Counter
from functools import lru_cache
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit

import torch

from robust_core.classifier import Classifier, Provenance
from robust_core.paths import cache_home
from robust_core.zoo.weights import ZooError

# torchvision's builder and the name of its weights enum.
IMAGENET = {
    "imagenet-squeezenet1_0": ("squeezenet1_0", "SqueezeNet1_0_Weights"),
    "imagenet-mobilenet_v3_large": ("mobilenet_v3_large", "MobileNet_V3_Large_Weights"),
    "imagenet-resnet50": ("resnet50", "ResNet50_Weights"),
    "imagenet-vgg11": ("vgg11", "VGG11_Weights"),
    "imagenet-vgg16": ("vgg16", "VGG16_Weights"),
}


def imagenet_weights(name: str):
    """torchvision's weights enum member of an ``imagenet-*`` model (its newest one)."""
    import torchvision

    return getattr(torchvision.models, IMAGENET[name][1]).DEFAULT


def unique(names: list[str]) -> tuple[str, ...]:
    """Names, with the index appended where several classes share one: ImageNet has two cranes."""
    times = Counter(names)
    return tuple(f"{name} ({i})" if times[name] > 1 else name for i, name in enumerate(names))


def checkpoint_path(name: str) -> Path:
    """Where torchvision keeps the weights of an ``imagenet-*`` model once they are downloaded."""
    hub = torch.hub.get_dir()
    if hub.startswith("~"):  # the ~ stays where there is no home folder
        hub = str(cache_home() / "torch" / "hub")
    return Path(hub) / "checkpoints" / Path(urlsplit(imagenet_weights(name).url).path).name


@lru_cache
def _digest(path: Path, _changed: int) -> str:
    """SHA-256 of a file, once per process: 0.3 to 2 seconds for the largest, of 528 MB."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def official(path: Path) -> bool:
    """Whether a checkpoint is the one of its name, which ends in the beginning of its SHA-256.

    torchvision looks at that when it downloads, and never again.
    """
    beginning = torch.hub.HASH_REGEX.search(path.name)
    changed = path.stat().st_mtime_ns
    return beginning is not None and _digest(path, changed).startswith(beginning[1])


def download(name: str, instead: str) -> Classifier:
    """An ``imagenet-*`` model, downloaded if it is not there yet.

    Raises ``ZooError`` where that fails or the file is damaged; the message suggests ``instead``.
    """
    import torchvision

    weights = imagenet_weights(name)
    path = checkpoint_path(name)
    network = getattr(torchvision.models, IMAGENET[name][0])()
    if path.exists() and not official(path):
        raise ZooError(
            f"The weights {path} are damaged: their SHA-256 does not begin as their name says. Delete that "
            f"file to download it again, or choose a bundled model: {instead}"
        )
    try:
        state = weights.get_state_dict(
            model_dir=str(path.parent), progress=True, check_hash=True, weights_only=True
        )
        network.load_state_dict(state)
    except OSError as error:
        if error.filename is not None and not isinstance(
            error, URLError
        ):  # a folder or file on disk
            raise ZooError(
                f"{path.parent} cannot be written to ({error.strerror}). Set TORCH_HOME to a folder that "
                f"can, or choose a bundled model: {instead}"
            ) from error
        raise ZooError(
            f"The weights of {name} could not be downloaded ({getattr(error, 'reason', error)}). "
            f"Check the connection and try again, or choose a bundled model: {instead}"
        ) from error
    except Exception as error:
        raise ZooError(
            f"The weights {path} are damaged ({type(error).__name__}). Delete that file to download "
            f"it again, or choose a bundled model: {instead}"
        ) from error
    transform = weights.transforms()
    metrics = weights.meta.get("_metrics", {}).get("ImageNet-1K", {})
    return Classifier(
        network,
        name=name,
        class_names=unique(weights.meta["categories"]),
        input_size=(transform.crop_size[0], transform.crop_size[0]),
        mean=tuple(transform.mean),
        std=tuple(transform.std),
        resize=transform.resize_size[0],
        provenance=Provenance(
            data="ImageNet-1K",
            accuracy=metrics.get("acc@1", 0) / 100 or None,
            source=f"torchvision {weights}",
            details={"url": weights.url},
        ),
    )
