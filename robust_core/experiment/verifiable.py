"""Which networks of the zoo can be verified while one waits, and a picture of theirs to begin with."""

from collections.abc import Iterable
from functools import lru_cache

import torch

from robust_core import zoo
from robust_core.classifier import Classifier
from robust_core.data import samples
from robust_core.data.fitting import to_tensor
from robust_core.verification import compile_network

CPU = torch.device("cpu")
MOST = 20_000
"""ReLUs of a network that is offered: with more, bounds take minutes."""


def networks(guests: Iterable[str] = ()) -> dict[str, int]:
    """Names of all networks of the zoo that can be compiled and are small enough, with their ReLUs.

    The smallest come first. Of the zoo's own only architectures are looked at, not weights. ``guests`` are
    names of models that somebody brought, which no list of the zoo shows.
    """
    own = {name: _neurons_of(zoo.spec(name)) for name in zoo.names() if name not in zoo.IMAGENET}
    counts = own | {name: _neurons(zoo.load(name, CPU)) for name in guests}
    small = {name: n for name, n in counts.items() if n is not None and n <= MOST}
    return dict(sorted(small.items(), key=lambda item: item[1]))


@lru_cache(maxsize=256)
def _neurons_of(spec: zoo.Spec) -> int | None:
    return _neurons(zoo.untrained(spec.name))


def _neurons(model: Classifier) -> int | None:
    """ReLUs of a network; None where it cannot be compiled."""
    try:
        return compile_network(model, (model.channels, *model.input_size)).neurons
    except ValueError:
        return None


@lru_cache(maxsize=64)
def first_right(name: str, wanted: str) -> str:
    """The first sample on offer that a network gets right: ``wanted``, where it does; "" for none."""
    known = zoo.describe(name)
    model = zoo.load(name, CPU)
    offered = {sample.id: sample for sample in samples.catalogue(known.family)}
    for sample_id in sorted(offered, key=lambda one: one != wanted):
        sample = offered[sample_id]
        if sample.label not in known.class_names:
            continue
        pixels = known.fitted(sample.picture.pixels)
        with torch.no_grad():
            answer = int(model(to_tensor(pixels)).argmax())
        if known.class_names[answer] == sample.label:
            return sample_id
    return ""
