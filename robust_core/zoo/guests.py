"""Guests of the zoo: models that somebody brought, under a name for as long as they are admitted.

Everything that asks the zoo by name, pages and commands alike, takes a guest as it takes any other. No list
shows them: who admits one hands on its name.
"""

import copy
import threading
from dataclasses import dataclass

import torch

from robust_core import data
from robust_core.classifier import Classifier

PHOTOGRAPHS = "imagenet"
GREY = "digits"


@dataclass(frozen=True)
class Guest:
    """A model on the CPU, what people call it, and how a command line names it."""

    name: str
    model: Classifier
    title: str
    options: tuple[str, ...] = ()
    """Words of a command line that give the same model: --model FILE --mean ..."""

    @property
    def family(self) -> str:
        """The pictures to offer: those of the data set with the same classes, else any of its channels."""
        classes = {name.lower() for name in self.model.class_names}
        for name in data.names():
            record = data.get(name)
            if {known.lower() for known in record.class_names} == classes:
                return record.family
        return PHOTOGRAPHS if self.model.channels == 3 else GREY


_guests: dict[str, Guest] = {}
_placed: dict[tuple[str, str], Classifier] = {}
_lock = threading.Lock()


def admit(guest: Guest) -> None:
    """Let a model in. Raises ``ValueError`` for a name that is taken."""
    with _lock:
        if guest.name in _guests:
            raise ValueError(f"there is already a model called {guest.name}")
        _guests[guest.name] = guest


def dismiss(name: str) -> None:
    """Forget a model; nothing where there is none of that name."""
    with _lock:
        _guests.pop(name, None)
        for key in [key for key in _placed if key[0] == name]:
            del _placed[key]


def guest(name: str) -> Guest | None:
    """The guest of that name."""
    return _guests.get(name)


def placed(found: Guest, device: torch.device) -> Classifier:
    """A guest's model on a device, the same object at every call."""
    key = (found.name, str(device))
    with _lock:
        if key not in _placed:
            model = found.model if device.type == "cpu" else copy.deepcopy(found.model)
            _placed[key] = model.to(device).eval().requires_grad_(False)
        return _placed[key]
