"""What the benchmarks of the attacks share: a clock, rounds drawn by lot, and the machine."""

import gc
import os
import platform
import random
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

Run = Callable[[], object]
Clock = Callable[[], float]


def clock(run: Run, device: torch.device, now: Clock = time.perf_counter) -> float:
    """Seconds of one call."""
    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    wait()
    start = now()
    run()
    wait()
    return now() - start


def race(
    runs: dict[str, Run], device: torch.device, rounds: int, now: Clock = time.perf_counter
) -> dict[str, list[float]]:
    """Seconds of each contestant in each round, every round in an order drawn by lot.

    By lot, not in turns: what runs before leaves its mark on caches and allocator.
    """
    names = list(runs)
    times: dict[str, list[float]] = {name: [] for name in names}
    lots = random.Random(0)
    gc.collect()
    gc.disable()
    try:
        for _ in range(rounds):
            for name in lots.sample(names, len(names)):
                times[name].append(clock(runs[name], device, now))
            gc.collect()  # between the rounds: nobody pays for another's garbage
    finally:
        gc.enable()
    return times


def conditions(device: torch.device) -> dict:
    """What was called, and what the figures depend on."""
    return {
        "command": " ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]]),
        "machine": machine(device),
        "versions": {"torch": torch.__version__, "python": platform.python_version()},
    }


def machine(device: torch.device) -> dict:
    """What the figures depend on."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        found = [x for x in info.read_text().splitlines() if x.startswith("model name")]
        name = found[0].partition(":")[2].strip() if found else name
    return {
        "cpu": name,
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "system": platform.system(),
    }
