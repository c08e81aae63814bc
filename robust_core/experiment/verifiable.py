"""Which networks of the zoo can be verified while one waits, and a picture of theirs to begin with."""

import math
from dataclasses import dataclass
from functools import lru_cache
from weakref import WeakKeyDictionary

import torch

from robust_core import zoo
from robust_core.classifier import Classifier
from robust_core.data import samples
from robust_core.data.fitting import to_tensor
from robust_core.verification import Network, compile_network
from robust_core.verification.hidden import exact_already

CPU = torch.device("cpu")
MOST = 20_000
"""ReLUs of a network that is offered: with more, bounds take minutes."""
SPEED = 2e9
"""Multiplications a second of one core, in float64, when linear forms are carried back: a rough figure."""


@dataclass(frozen=True)
class Known:
    """What is known of a network before anything is bounded.

    ``refusal`` is a sentence, empty where it can be verified here; ``longest`` is about how many seconds
    the bounds at one radius take, where all ReLUs are undecided.
    """

    refusal: str = ""
    neurons: int = 0
    longest: float = 0.0


def networks() -> dict[str, int]:
    """Names of all networks of the zoo that can be compiled and are small enough, with their ReLUs.

    The smallest come first. Only architectures are looked at, not weights.
    """
    found = {name: known(name) for name in zoo.names() if name not in zoo.IMAGENET}
    small = {name: one.neurons for name, one in found.items() if not one.refusal}
    return dict(sorted(small.items(), key=lambda item: item[1]))


def known(name: str) -> Known:
    """Of a network of the zoo, or of one that somebody brought. Raises ``ValueError`` for another name."""
    if not zoo.guest(name):
        return _known_of(zoo.spec(name))
    model = zoo.load(name, CPU)
    if model not in _brought:
        _brought[model] = _known(model)
    return _brought[model]


_brought: "WeakKeyDictionary[Classifier, Known]" = WeakKeyDictionary()


@lru_cache(maxsize=256)
def _known_of(spec: zoo.Spec) -> Known:
    return _known(zoo.untrained(spec.name))


def _known(model: Classifier) -> Known:
    try:
        network = compile_network(model, (model.channels, *model.input_size))
    except ValueError as error:
        return Known(str(error))
    if network.neurons > MOST:
        return Known(
            f"it has {network.neurons:,} ReLUs. Up to {MOST:,} are bounded here while you wait; more from "
            "Python or on the command line, python -m robust_core verify",
            network.neurons,
        )
    return Known("", network.neurons, longest(network))


def longest(network: Network) -> float:
    """About how many seconds CROWN takes to bound every ReLU of one picture, both ways."""
    before, total = 0, 0
    for value in range(1, network.output + 1):
        affine = network.step_of(value).affine
        weight = getattr(affine, "weight", None)
        if weight is not None:
            before += weight.numel() * math.prod(network.shape_of(value)[1:])
        if value in network.activations and not exact_already(network, value):
            total += math.prod(network.shape_of(value)) * before
    return 2 * total / SPEED


@lru_cache(maxsize=64)
def first_right(name: str, wanted: str) -> str:
    """The first sample on offer that a network gets right: ``wanted``, where it does.

    Else the first of no class of its: then the network's own answer is what is verified; "" for none.
    """
    about = zoo.describe(name)
    model = zoo.load(name, CPU)
    offered = sorted(samples.catalogue(about.family), key=lambda sample: sample.id != wanted)
    for sample in offered:
        if sample.label not in about.class_names:
            continue
        pixels = about.fitted(sample.picture.pixels)
        with torch.no_grad():
            answer = int(model(to_tensor(pixels)).argmax())
        if about.class_names[answer] == sample.label:
            return sample.id
    strange = (sample.id for sample in offered if sample.label not in about.class_names)
    return next(strange, "")
