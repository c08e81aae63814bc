"""The zoo: a name becomes a ready classifier on a device, loaded once.

Bundled models are float16 safetensors in ``assets/weights`` whose SHA-256 stands in
``assets/weights/index.json``. ``imagenet-*`` are torchvision's classifiers with torchvision's own
weights and transforms, downloaded on first use into ``TORCH_HOME``.
"""

import hashlib
import json
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from robust_core import models
from robust_core.classifier import Classifier, Provenance
from robust_core.data import cifar10, digits
from robust_core.devices import as_device
from robust_core.paths import WEIGHTS


class ZooError(ValueError):
    """A model cannot be had. The message names the file or model and the remedy."""


@dataclass(frozen=True)
class Spec:
    """What is known of a bundled model without its weights."""

    family: str
    build: Callable[[], nn.Module]
    class_names: tuple[str, ...]
    input_size: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]


BUNDLED = {
    "cifar10-resnet32": Spec(
        family="cifar10",
        build=models.ResNet32,
        class_names=cifar10.CLASSES,
        input_size=(32, 32),
        mean=(0.4914, 0.4822, 0.4465),
        std=(0.2470, 0.2435, 0.2616),
    ),
    "digits-cnn": Spec(
        family="digits",
        build=models.DigitsCNN,
        class_names=digits.CLASSES,
        input_size=(8, 8),
        mean=(0.3052,),
        std=(0.3760,),
    ),
}

# torchvision's builder and the name of its weights enum.
IMAGENET = {
    "imagenet-squeezenet1_0": ("squeezenet1_0", "SqueezeNet1_0_Weights"),
    "imagenet-mobilenet_v3_large": ("mobilenet_v3_large", "MobileNet_V3_Large_Weights"),
    "imagenet-resnet50": ("resnet50", "ResNet50_Weights"),
    "imagenet-vgg11": ("vgg11", "VGG11_Weights"),
    "imagenet-vgg16": ("vgg16", "VGG16_Weights"),
}

_loaded: dict[tuple[str, str], Classifier] = {}
_locks: dict[tuple[str, str], threading.Lock] = {}
_guard = threading.Lock()


def names() -> list[str]:
    """All registered names: bundled ones first."""
    return [*BUNDLED, *IMAGENET]


def family(name: str) -> str:
    """What kind of pictures a model knows: ``cifar10``, ``digits`` or ``imagenet``."""
    _check_name(name)
    return BUNDLED[name].family if name in BUNDLED else "imagenet"


@dataclass(frozen=True)
class Description:
    """What a picture must look like for a model, known without loading its weights."""

    name: str
    family: str
    class_names: tuple[str, ...]
    input_size: tuple[int, int]
    resize: int
    channels: int
    interpolation: str = "bilinear"

    @property
    def shape(self) -> str:
        """E.g. ``32 x 32 RGB``."""
        height, width = self.input_size
        return f"{height} x {width} {'RGB' if self.channels == 3 else 'grey'}"


def describe(name: str) -> Description:
    """What a model takes and knows. Raises ``ValueError`` for an unknown name."""
    _check_name(name)
    if name in BUNDLED:
        spec = BUNDLED[name]
        resize = min(spec.input_size)
        return Description(
            name, spec.family, spec.class_names, spec.input_size, resize, len(spec.mean)
        )
    weights = imagenet_weights(name)
    transform = weights.transforms()
    side = transform.crop_size[0]
    return Description(
        name,
        "imagenet",
        _unique(weights.meta["categories"]),
        (side, side),
        transform.resize_size[0],
        len(transform.mean),
        transform.interpolation.value,
    )


def load(name: str, device: str | torch.device | None = None) -> Classifier:
    """A classifier in eval mode with frozen weights, loaded once for each device.

    ``device`` None means the best one: CUDA, MPS, CPU. The object is shared: do not change it.
    Raises ``ZooError`` where weights are missing, damaged or cannot be downloaded, ``ValueError`` for
    an unknown name or device.
    """
    _check_name(name)
    place = as_device(device)
    key = (name, str(place))
    with _guard:
        lock = _locks.setdefault(key, threading.Lock())
    with lock:
        if key not in _loaded:
            model = _bundled(name) if name in BUNDLED else _imagenet(name)
            _loaded[key] = ready(model, place)
            _warm_up(_loaded[key])
        return _loaded[key]


def _warm_up(model: Classifier) -> None:
    """One pass there and back, as attacks do it: the first of a process takes half a second longer."""
    with torch.inference_mode(False), torch.enable_grad():
        picture = torch.zeros(1, model.channels, *model.input_size, device=model.device)
        logits = model(picture.requires_grad_())
        torch.autograd.grad(logits, picture, torch.ones_like(logits))  # imports sympy, among others


def ready(model: Classifier, device: torch.device) -> Classifier:
    """``model`` on ``device``, channels last, frozen, in eval mode."""
    model = model.to(device, memory_format=torch.channels_last)
    return model.eval().requires_grad_(False)


def untrained(name: str, seed: int = 0) -> Classifier:
    """A bundled model with fresh random weights; the global random state is left alone."""
    if name not in BUNDLED:
        raise ValueError(f"model must be one of {', '.join(BUNDLED)}; got {name!r}")
    spec = BUNDLED[name]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = spec.build()
    return Classifier(
        network,
        name=name,
        class_names=spec.class_names,
        input_size=spec.input_size,
        mean=spec.mean,
        std=spec.std,
    )


def index(folder: Path = WEIGHTS) -> dict[str, dict]:
    """What stands in ``index.json``: per model its file, SHA-256, recipe, data and accuracy."""
    path = folder / "index.json"
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(entries, dict):
            raise ValueError("it holds no entries")
    except (OSError, ValueError) as error:
        raise ZooError(
            f"{path} is missing or damaged ({error}). Restore it from the project's repository"
        ) from error
    return entries


def _check_name(name: str) -> None:
    if name not in names():
        raise ValueError(f"model must be one of {', '.join(names())}; got {name!r}")


def _bundled(name: str, folder: Path = WEIGHTS) -> Classifier:
    from safetensors import SafetensorError
    from safetensors.torch import load as read_safetensors

    remedy = (
        "Restore it from the project's repository, or make it anew: "
        f"python -m robust_core train {name} --install"
    )
    entry = index(folder).get(name)
    if entry is None:
        raise ZooError(f"{folder / 'index.json'} has no entry {name}. {remedy}")
    lacking = {"file", "sha256", "data", "accuracy", "command"} - set(entry)
    if lacking:
        raise ZooError(
            f"{folder / 'index.json'} lacks {', '.join(sorted(lacking))} for {name}. {remedy}"
        )
    path = folder / entry["file"]
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ZooError(f"The weights {path} cannot be read ({error.strerror}). {remedy}") from error
    if hashlib.sha256(content).hexdigest() != entry["sha256"]:
        raise ZooError(
            f"The weights {path} are damaged: their SHA-256 is not the one in the index. {remedy}"
        )
    model = untrained(name)
    try:
        model.network.load_state_dict(read_safetensors(content))
    except (SafetensorError, RuntimeError) as error:
        raise ZooError(f"The weights {path} do not fit {name} ({error}). {remedy}") from error
    model.provenance = Provenance(
        data=entry["data"],
        accuracy=entry["accuracy"],
        source=entry["command"],
        details=entry,
    )
    return model


def imagenet_weights(name: str):
    """torchvision's weights enum member of an ``imagenet-*`` model (its newest one)."""
    import torchvision

    return getattr(torchvision.models, IMAGENET[name][1]).DEFAULT


def _unique(names: list[str]) -> tuple[str, ...]:
    """Names with the index behind those that several classes share: ImageNet has two cranes."""
    times = Counter(names)
    return tuple(f"{name} ({i})" if times[name] > 1 else name for i, name in enumerate(names))


def checkpoint_path(name: str) -> Path:
    """Where torchvision keeps the weights of an ``imagenet-*`` model once they are downloaded."""
    return Path(torch.hub.get_dir()) / "checkpoints" / Path(imagenet_weights(name).url).name


def is_local(name: str) -> bool:
    """Whether a model can be loaded without a download. Raises ``ValueError`` for an unknown name."""
    _check_name(name)
    return name in BUNDLED or checkpoint_path(name).exists()


def download_size(name: str) -> int:
    """Bytes that loading a model would download, as torchvision states them; 0 for bundled ones.

    Raises ``ValueError`` for an unknown name.
    """
    _check_name(name)
    if name in BUNDLED:
        return 0
    return int(imagenet_weights(name).meta["_file_size"] * 1e6)


def load_with_progress(name: str, progress: Callable[[int, int], object]) -> Classifier:
    """``load`` in a thread of its own; ``progress(percent, 100)`` follows torchvision's partial file.

    What ``progress`` raises ends the wait; the download then finishes by itself.
    """
    outcome: list = []

    def work() -> None:
        try:
            outcome.append(load(name))
        except BaseException as error:  # handed over to the waiting thread
            outcome.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    path, size = checkpoint_path(name), download_size(name)
    while thread.is_alive():
        partial = max(
            (f.stat().st_size for f in path.parent.glob(f"{path.name}*.partial")), default=0
        )
        progress(min(99, 100 * partial // size), 100)
        thread.join(0.2)
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def _imagenet(name: str) -> Classifier:
    import torchvision

    weights = imagenet_weights(name)
    network = getattr(torchvision.models, IMAGENET[name][0])()
    try:
        state = weights.get_state_dict(progress=True, check_hash=True, weights_only=True)
        network.load_state_dict(state)
    except OSError as error:  # URLError is one
        raise ZooError(
            f"The weights of {name} could not be downloaded ({getattr(error, 'reason', error)}). "
            "Check the connection and try "
            f"again, or choose a bundled model: {', '.join(BUNDLED)}"
        ) from error
    except Exception as error:
        path = checkpoint_path(name)
        raise ZooError(
            f"The weights {path} are damaged ({type(error).__name__}). Delete that file to download "
            f"it again, or choose a bundled model: {', '.join(BUNDLED)}"
        ) from error
    transform = weights.transforms()
    metrics = weights.meta.get("_metrics", {}).get("ImageNet-1K", {})
    return Classifier(
        network,
        name=name,
        class_names=_unique(weights.meta["categories"]),
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
