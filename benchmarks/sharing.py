"""Where the time of a training by two processes goes: a step with one part of the sharing after the other.

    python benchmarks/sharing.py     # an idle machine; about a minute

Each process is pinned to a core of its own and has half of the pictures of a step. "whole": one process
works on all of them; half of its time is what a perfect sharing would take. "half": each takes its own step
on its half, and nothing is shared. Then, one after the other, what makes the step the same as that of one
process: the gradients are summed; batch normalisations run in the pieces that shared statistics need, but
send nothing; and they send their messages, as a training does. What is timed is the slowest process's
median; processor time is that of all threads of a process, gloo's among them.
"""

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from unittest import mock

import scale
import torch
from timing import conditions
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from robust_core import files, processes, training, zoo
from robust_core.training import epochs, sharing
from robust_core.training.objectives import Batch, Rows
from robust_core.training.run import Trainer

PARTS = {
    "whole": "one process, all pictures",
    "half": "half of the pictures, nothing shared",
    "sums": "and the gradients summed",
    "pieces": "and statistics in pieces, no messages",
    "messages": "and their messages: a step as it is",
}


@contextmanager
def only(part: str) -> Iterator[bool]:
    """Within the block nothing is shared beyond ``part``; gives whether statistics are in pieces."""

    def gather(heard: list[torch.Tensor], told: torch.Tensor) -> None:
        for each in heard:
            each.copy_(told)

    silent = {"all_gather": gather, "all_reduce": lambda sums: None}
    if part == "messages":
        yield True
    elif part == "pieces":
        summed = sharing.add_up
        loud = {name: getattr(sharing.dist, name) for name in silent}

        def sums(*given):
            with mock.patch.multiple(sharing.dist, **loud):
                return summed(*given)

        with (
            mock.patch.multiple(sharing.dist, **silent),
            mock.patch.object(epochs, "add_up", sums),
        ):
            yield True
    elif part == "sums":
        yield False
    else:
        with mock.patch.object(epochs, "add_up", lambda parameters, loss: loss):
            yield False


def steps(part: str, count: int) -> list[tuple[float, float]]:
    """Wall and processor seconds of each of ``count`` steps."""
    recipe = training.RECIPES.get(scale.NETWORK)
    rank, n = processes.world().rank, recipe.batch // (1 if part == "whole" else 2)
    images, labels = scale.pictures(scale.NETWORK, n)
    images = images.to(memory_format=torch.channels_last)
    rows = Rows(rank * n, n, recipe.batch)
    trainer = Trainer(zoo.untrained(scale.NETWORK, 0), recipe, 0, torch.device("cpu"))
    trainer.model.train()
    found = []
    with sharing.shared_statistics(trainer.model) as trainer.statistics, only(part) as shared:
        trainer.statistics.shared = shared
        for turn in range(count + 2):  # the first two load what later ones need
            processes.together()
            begun, own = time.perf_counter(), time.process_time()
            trainer.step(Batch(images, labels, torch.Generator(), 0.5, rows))
            if turn > 1:
                found.append((time.perf_counter() - begun, time.process_time() - own))
    return found


def work(options: argparse.Namespace, cores: list[int], into: str) -> None:
    """What a process does: all parts in turn, in rounds."""
    rank = processes.world().rank
    os.sched_setaffinity(0, {cores[rank]})
    torch.set_num_threads(1)
    processes.join(torch.device("cpu"))
    found: dict[str, list] = {part: [] for part in PARTS}
    for _ in range(options.rounds):
        for part, kept in found.items():
            if part != "whole" or rank == 0:
                kept += steps(part, options.steps)
            else:
                for _ in range(options.steps + 2):  # meets the other one before each step
                    processes.together()
    Path(into, f"{rank}.json").write_text(files.json_text(found))


def measured(options: argparse.Namespace, cores: list[int]) -> list[dict]:
    """A row for each part: milliseconds of the slower process."""
    config = LaunchConfig(
        1, 1, 2, rdzv_backend="c10d", rdzv_endpoint="localhost:0", start_method="fork",
        run_id="sharing", max_restarts=0,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as into:
        elastic_launch(config, work)(options, cores, into)
        found = [json.loads(path.read_text()) for path in sorted(Path(into).glob("*.json"))]
    rows = []
    for part, told in PARTS.items():
        times = [each[part] for each in found if each[part]]
        wall, own = (max(1000 * median(t[k] for t in each) for each in times) for k in (0, 1))
        rows.append({"part": part, "told": told, "wall": wall, "cpu": own})
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        parser.error("two cores are needed")
    load = os.getloadavg()[0]
    rows = measured(options, cores)
    print(f"{'a step of 128, load before ' + format(load, '.1f'):42}{'ms':>9}{'CPU ms':>9}")
    for row in rows:
        print(f"{row['told']:42}{row['wall']:9.1f}{row['cpu']:9.1f}")
    if options.json:
        about = {"load_before": load, "steps": options.steps, "rounds": options.rounds}
        about |= conditions(torch.device("cpu"))
        options.json.write_text(files.json_text(about | {"rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
