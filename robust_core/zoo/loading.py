"""Loading: a name becomes a ready classifier or detector on a device, loaded once for each device."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from robust_core.classifier import Classifier, Provenance
from robust_core.devices import as_device, keep_memory
from robust_core.zoo import bundled_detectors, guests, imagenet, weights
from robust_core.zoo.catalogue import bundled, check_name, describe, remedy
from robust_core.zoo.imagenet import IMAGENET
from robust_core.zoo.specs import untrained

if TYPE_CHECKING:
    from robust_core.detectors import Detector

_loaded: dict[tuple[str, str], Classifier] = {}
_detectors: dict[tuple[str, str], "Detector"] = {}
_locks: dict[tuple[str, str], threading.Lock] = {}
_guard = threading.Lock()


def load(name: str, device: str | torch.device | None = None) -> Classifier:
    """A classifier in eval mode with frozen weights, loaded once for each device.

    ``device`` None means the best one: CUDA, MPS, CPU. The object is shared: do not change it.
    Raises ``ZooError`` where weights are missing, damaged or cannot be downloaded, ``ValueError`` for
    an unknown name or device.
    """
    check_name(name)
    place = as_device(device)
    keep_memory()
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


def _bundled(name: str, folder: Path | None = None) -> Classifier:
    how = remedy(name)
    needed = {"file", "sha256", "data", "accuracy", "command"}
    entry = weights.entry_of(name, needed, how, folder)
    state = weights.tensors(name, entry, how, folder)
    model = untrained(name)
    try:
        model.network.load_state_dict(state)
    except RuntimeError as error:
        raise weights.misfit(name, entry, error, how) from error
    model.provenance = Provenance(
        data=entry["data"],
        accuracy=entry["accuracy"],
        source=entry["command"],
        details=entry,
    )
    return model
