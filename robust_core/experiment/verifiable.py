"""Which networks of the zoo can be verified while one waits, and a picture of theirs to begin with."""

from functools import lru_cache

import torch

from robust_core import zoo
from robust_core.data import samples
from robust_core.data.fitting import fit, to_tensor
from robust_core.verification import compile_network

MOST = 20_000
"""ReLUs of a network that is offered: with more, bounds take minutes."""


def networks() -> dict[str, int]:
    """Names of all networks of the zoo that can be compiled and are small enough, with their ReLUs.

    The smallest come first. Only architectures are looked at, not weights.
    """
    there = (name for name in zoo.names() if name not in zoo.IMAGENET)
    counts = {name: _neurons(zoo.spec(name)) for name in there}
    small = {name: n for name, n in counts.items() if n is not None and n <= MOST}
    return dict(sorted(small.items(), key=lambda item: item[1]))


@lru_cache(maxsize=256)
def _neurons(spec: zoo.Spec) -> int | None:
    """ReLUs of a network; None where it cannot be compiled."""
    size = (spec.record.channels, *spec.size)
    try:
        return compile_network(zoo.untrained(spec.name), size).neurons
    except ValueError:
        return None


@lru_cache(maxsize=64)
def first_right(name: str, wanted: str) -> str:
    """The first sample on offer that a network gets right: ``wanted``, where it does; "" for none."""
    known = zoo.describe(name)
    model = zoo.load(name, torch.device("cpu"))
    offered = {sample.id: sample for sample in samples.catalogue(known.family)}
    for sample_id in sorted(offered, key=lambda one: one != wanted):
        sample = offered[sample_id]
        if sample.label not in known.class_names:
            continue
        pixels = fit(
            sample.picture.pixels,
            size=known.input_size,
            resize=known.resize,
            channels=known.channels,
            how="crop",
            interpolation=known.interpolation,
        )
        with torch.no_grad():
            answer = int(model(to_tensor(pixels)).argmax())
        if known.class_names[answer] == sample.label:
            return sample_id
    return ""
