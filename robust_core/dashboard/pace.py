"""How long an attack will take here: the time of one pass, times the passes that it may make."""

import time

import torch

from robust_core import zoo
from robust_core.attacks import Attack
from robust_core.dashboard import lab
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of
from robust_core.zoo import Description

PASSES = 5
"""Single passes of which the median is taken."""
WITH_GRADIENT = 3
"""A step forwards and back takes about as long as this many passes."""


def seconds_a_query(model: Description) -> float | None:
    """How long one pass about one picture takes on this machine; None where it was stopped."""

    def work(progress: Reporter) -> float:
        device = best_device()
        network = zoo.load(model.name, device)
        images = torch.full(
            (1, model.channels, *model.input_size), 0.5, device=device, dtype=torch.float32
        )
        times = []
        for step in range(PASSES):
            progress(step, PASSES)
            begun = time.perf_counter()
            with torch.inference_mode():
                network(images).cpu()
            times.append(time.perf_counter() - begun)
        return sorted(times)[PASSES // 2]

    return lab.compute(key_of(pace=model.name), work, channel="pace", doing="Timing one query")


def passes_of(attack: Attack) -> int:
    """At most how many passes' time an attack takes, one after the other."""
    limit = attack.limit
    return WITH_GRADIENT * attack.observations if limit is None else limit


def ahead(attack: Attack, each: float) -> str:
    """What a run may take, before it begins, where a pass takes ``each`` seconds."""
    limit = attack.limit
    what = f"{attack.observations:,} steps" if limit is None else f"{limit:,} queries"
    return f"up to {what}, at most about {span(each * passes_of(attack))}"


def span(seconds: float) -> str:
    """A time in the unit that suits it."""
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if seconds >= size:
            n = f"{seconds / size:,.0f}" if seconds >= 9.95 * size else f"{seconds / size:.2g}"
            return f"{n} {unit}{'s' * (n != '1')}"
    return "1 second" if seconds <= 1 else f"{seconds:.0f} seconds"
