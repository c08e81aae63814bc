"""Loading: a name becomes a ready classifier or detector on a device, loaded once for each device."""

import ctypes
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from robust_core.classifier import Classifier, Provenance
from robust_core.devices import as_device
from robust_core.zoo import bundled_detectors, guests, imagenet, weights
from robust_core.zoo.imagenet import IMAGENET, checkpoint_path, imagenet_weights
from robust_core.zoo.specs import UNDEFENDED, has_spec, spec, untrained
from robust_core.zoo.weights import ZooError, index

if TYPE_CHECKING:
    import numpy as np

    from robust_core.detectors import Detector

_loaded: dict[tuple[str, str], Classifier] = {}
_detectors: dict[tuple[str, str], "Detector"] = {}
_locks: dict[tuple[str, str], threading.Lock] = {}
_guard = threading.Lock()


def bundled() -> list[str]:
    """Classifiers that come with the project: the undefended ones, and the others in the index.

    The undefended ones are always listed: problems with them are reported when they are loaded.
    """
    there = _entries()
    own = [name for name in there if _is_classifier(name, there)]
    return [*UNDEFENDED, *(name for name in own if name not in UNDEFENDED)]


def _entries() -> dict[str, dict]:
    """The index; nothing where it is damaged, which loading a model then reports."""
    try:
        return index()
    except ZooError:
        return {}


def _is_classifier(name: str, entries: dict[str, dict]) -> bool:
    return (
        name in entries and entries[name].get("kind") != bundled_detectors.KIND and has_spec(name)
    )


def names() -> list[str]:
    """All registered classifiers: bundled ones first. An untrained defence is not listed."""
    return [*bundled(), *IMAGENET]


def family(name: str) -> str:
    """The kind of pictures a model knows: its data set's, or ``imagenet``."""
    _check_name(name)
    if guest := guests.guest(name):
        return guest.family
    return spec(name).record.family if has_spec(name) else "imagenet"


def in_words(size: tuple[int, int], channels: int) -> str:
    """The shape of a model's pictures: ``32 x 32 RGB``."""
    height, width = size
    return f"{height} x {width} {'RGB' if channels == 3 else 'grey'}"


@dataclass(frozen=True)
class Outline:
    """What a model sees, tells apart and needs, known without importing torchvision, which is slow."""

    size: tuple[int, int]
    channels: int
    classes: int
    download: int
    """Bytes of its weights, as torchvision states them; 0 for a bundled model."""

    @property
    def shape(self) -> str:
        """In words: ``32 x 32 RGB``."""
        return in_words(self.size, self.channels)


def outline(name: str) -> Outline:
    """What can be said of a model in a list. Raises ``ValueError`` for an unknown name."""
    size = download_size(name)
    if guest := guests.guest(name):
        model = guest.model
        return Outline(model.input_size, model.channels, len(model.class_names), 0)
    if has_spec(name):
        known = spec(name)
        record = known.record
        return Outline(known.size, record.channels, len(record.class_names), size)
    return Outline((IMAGENET[name].side,) * 2, 3, 1000, size)


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
    data: str | None = None
    """The data set whose pictures and classes it knows; None for ImageNet, which is not registered."""

    @property
    def called(self) -> str:
        """What sentences call it: its name, or the file of a guest."""
        guest = guests.guest(self.name)
        return guest.model.called if guest else self.name

    @property
    def shape(self) -> str:
        """In words: ``32 x 32 RGB``."""
        return in_words(self.input_size, self.channels)

    def fitted(self, pixels: "np.ndarray", how: str = "crop") -> "np.ndarray":
        """Pixels uint8 ``[H, W, 3]`` as the model sees them, uint8 ``[h, w, c]`` (``fitting.fit``)."""
        from robust_core.data.fitting import fit

        return fit(
            pixels,
            size=self.input_size,
            resize=self.resize,
            channels=self.channels,
            how=how,
            interpolation=self.interpolation,
        )


def describe(name: str) -> Description:
    """What a model takes and knows. Raises ``ValueError`` for an unknown name."""
    _check_name(name)
    if guest := guests.guest(name):
        model = guest.model
        return Description(
            guest.name,
            guest.family,
            model.class_names,
            model.input_size,
            model.resize,
            model.channels,
        )
    if has_spec(name):
        known = spec(name)
        return Description(
            name=name,
            family=known.record.family,
            class_names=known.record.class_names,
            input_size=known.size,
            resize=known.resize,
            channels=known.record.channels,
            data=known.data,
        )
    weights = imagenet_weights(name)
    transform = weights.transforms()
    side = transform.crop_size[0]
    return Description(
        name,
        "imagenet",
        imagenet.unique(weights.meta["categories"]),
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
    if guest := guests.guest(name):
        return guests.placed(guest, place)
    key = (name, str(place))
    with _lock(key):
        if key not in _loaded:
            own = name not in IMAGENET
            model = _bundled(name) if own else imagenet.download(name, _finest())
            _loaded[key] = ready(model, place)
            _warm_up(_loaded[key])
        return _loaded[key]


def _finest() -> str:
    """The bundled model that sees the largest pictures."""
    return max(bundled(), key=lambda name: describe(name).input_size)


def load_detector(name: str, device: str | torch.device | None = None) -> "Detector":
    """A bundled detector on its classifier, the one that ``load`` gives; loaded once for each device.

    The object is shared: do not change it. Raises ``ZooError`` where weights are missing, damaged or
    made for another classifier, ``ValueError`` for an unknown name or device.
    """
    place = as_device(device)
    key = (name, str(place))
    if key not in _detectors:
        classifier = load(bundled_detectors.entry_of(name)["model"], place)
        with _lock(key):
            if key not in _detectors:
                _detectors[key] = bundled_detectors.attach(name, classifier)
    return _detectors[key]


@dataclass(frozen=True)
class LazyDetector:
    """A bundled detector by its name, so that an attack can be described before anything is loaded."""

    name: str

    def logit(self, images: Tensor) -> Tensor:
        """Log-odds of "adversarial" ``[N]``, by the detector on the device of the pictures."""
        return load_detector(self.name, images.device).logit(images)


def _lock(key: tuple[str, str]) -> threading.Lock:
    with _guard:
        return _locks.setdefault(key, threading.Lock())


def _warm_up(model: Classifier) -> None:
    """One forward and backward pass, as in attacks: a process's first takes half a second longer."""
    with torch.inference_mode(False), torch.enable_grad():
        picture = torch.zeros(
            1, model.channels, *model.input_size, dtype=model.mean.dtype, device=model.device
        )
        logits = model(picture.requires_grad_())
        torch.autograd.grad(logits, picture, torch.ones_like(logits))  # imports sympy, among others


def ready(model: Classifier, device: torch.device) -> Classifier:
    """``model`` on ``device``, channels last, frozen, in eval mode."""
    model = model.to(device).to(memory_format=torch.channels_last)
    return model.eval().requires_grad_(False)


def _check_name(name: str) -> None:
    if (
        guests.guest(name)
        or name in IMAGENET
        or name in UNDEFENDED
        or _is_classifier(name, _entries())
    ):
        return
    if has_spec(name) and name not in index():  # maybe a defence that nobody has trained yet
        weights.entry_of(name, set(), f"{_remedy(name)}. There are {', '.join(names())}")
    raise ValueError(f"model must be one of {', '.join(names())}; got {name!r}")


def _remedy(name: str) -> str:
    return weights.remedy("train", name)


def _bundled(name: str, folder: Path | None = None) -> Classifier:
    remedy = _remedy(name)
    needed = {"file", "sha256", "data", "accuracy", "command"}
    entry = weights.entry_of(name, needed, remedy, folder)
    state = weights.tensors(name, entry, remedy, folder)
    model = untrained(name)
    try:
        model.network.load_state_dict(state)
    except RuntimeError as error:
        raise weights.misfit(name, entry, error, remedy) from error
    model.provenance = Provenance(
        data=entry["data"],
        accuracy=entry["accuracy"],
        source=entry["command"],
        details=entry,
    )
    return model


def is_local(name: str) -> bool:
    """Whether a model can be loaded without a download. Raises ``ValueError`` for an unknown name."""
    _check_name(name)
    return name not in IMAGENET or os.path.exists(checkpoint_path(name))


def download_size(name: str) -> int:
    """Bytes that loading a model would download, as torchvision states them; 0 for bundled ones.

    Raises ``ValueError`` for an unknown name.
    """
    _check_name(name)
    if name not in IMAGENET:
        return 0
    return int(IMAGENET[name].megabytes * 1e6)


def _arrived(path: Path) -> int:
    """How much of the file at ``path`` torch has downloaded to its partial file."""
    try:
        partial = path.parent.glob(f"{path.name}*.partial")
        return max((file.stat().st_size for file in partial), default=0)
    except OSError:  # it has just got its name, or the folder may not be read, which ``load`` says
        return 0


class _Stopped(BaseException):
    """Ends a download where it is; no ``Exception``, so that nothing takes it for a failed one."""


def load_with_progress(name: str, progress: Callable[[int, int], object]) -> Classifier:
    """``load`` in a thread of its own; ``progress(percent, 100)`` follows torchvision's partial file.

    What ``progress`` raises ends the download too; torch then removes its partial file.
    """
    outcome: list = []

    def work() -> None:
        try:
            outcome.append(load(name))
        except BaseException as error:  # handed over to the waiting thread
            outcome.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    path = checkpoint_path(name)
    size = download_size(name)
    try:
        while thread.is_alive():
            progress(min(99, 100 * _arrived(path) // size), 100)
            thread.join(0.2)
    except BaseException:
        _stop(thread)
        raise
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def _stop(thread: threading.Thread) -> None:
    """Raise ``_Stopped`` in ``thread`` once its next read ends: torch's download asks nobody."""
    if thread.ident is not None:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident), ctypes.py_object(_Stopped)
        )
