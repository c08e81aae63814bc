"""Efficiency over processes, each on a core of its own, without the start of Python and torch.

    python benchmarks/scale.py                          # an idle machine; about ten minutes
    python benchmarks/scale.py --rounds 1 --batches 4   # a rough look

Torch's own launcher starts the processes, forked from this one, which has imported all that there is. Each
is pinned to one core and has one thread. In rounds drawn by lot: the plain task in one process without the
launcher ("alone"), and the same task by 1, 2, ... processes. What is timed begins when all are ready and
ends when all have the result. Efficiency is the time alone / (processes * time). Beside it stands the
processor time alone / that of all processes: what is done twice or besides, which a busy machine shows too,
without the waiting for one another.
"""

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median

os.environ["OMP_NUM_THREADS"] = "1"
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from timing import conditions
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from robust_core import files, processes, training, zoo
from robust_core.data import digits
from robust_core.evaluation.accuracy import evaluate
from robust_core.evaluation.flags import PICTURES, run_time_flags
from robust_core.evaluation.passes import Dealt, in_turn
from robust_core.training.augment import augment
from robust_core.training.pictures import Split

AIM = 0.9
"""Efficiency on two processes, where the machine is idle."""
ALONE = "alone"
NETWORK = "cifar10-resnet32"
Task = Callable[[int, int, Path, bool], float]
spent: list[float] = []
"""Processor seconds of each call of ``seconds`` in this process."""


def pictures(model: str, n: int) -> Split:
    """Noise of the size that a model takes: how long a pass takes does not depend on what is seen."""
    about = zoo.describe(model)
    generator = torch.Generator().manual_seed(0)
    size = (about.channels, *zoo.untrained(model).input_size)
    return torch.rand(n, *size, generator=generator), torch.arange(n) % 10


def evaluation(batches: int, batch: int, folder: Path, many: bool) -> float:
    """PGD of 10 steps on ``batches`` whole batches, with all that ``evaluate`` does around it."""
    model = zoo.load(NETWORK, "cpu")
    images, labels = pictures(NETWORK, batches * batch)

    def task(n: int, make) -> None:
        chosen = {"eps_list": [8 / 255], "parameters": {"steps": 10}, "batch": batch}
        evaluate(model, "pgd", images[:n], labels[:n], make=make, **chosen)

    task(batch, in_turn)  # the first call loads what later ones need
    make = Dealt(folder) if many else in_turn
    return seconds(lambda: task(len(labels), make))


def small(batches: int, batch: int, folder: Path, many: bool) -> float:
    """The same on the digits, whose shards take a few hundredths of a second."""
    model = zoo.load("digits-cnn", "cpu")
    images, labels = (torch.cat([x] * 9)[: 8 * batches * batch] for x in digits.load("test"))

    def task(n: int, make) -> None:
        chosen = {"eps_list": [0.1], "parameters": {"steps": 40}, "batch": batch}
        evaluate(model, "pgd", images[:n], labels[:n], make=make, **chosen)

    task(batch, in_turn)
    make = Dealt(folder) if many else in_turn
    return seconds(lambda: task(len(labels), make))


def trained(batches: int, batch: int, folder: Path, many: bool) -> float:
    """An epoch of ``batches`` steps of 128 pictures, with batch statistics over all processes."""
    recipe = replace(training.RECIPES.get(NETWORK), epochs=1)
    data = pictures(NETWORK, batches * recipe.batch)
    first = data[0][: recipe.batch], data[1][: recipe.batch]
    for part, pair in (("first", first), ("all", data)):
        model = zoo.untrained(NETWORK, 0)
        took = seconds(
            lambda model=model, part=part, pair=pair: training.train(
                model, recipe, pair, folder=folder / part, show=False
            )
        )
    return took


def bookkeeping(batches: int, batch: int, folder: Path, many: bool) -> float:
    """Seconds that one shard costs besides its work: dealt, kept in a file, and handed to all."""
    return of_a_shard(batch, folder)


def reading(batches: int, batch: int, folder: Path, many: bool) -> float:
    """Seconds until a finished shard is read: what the main process does for each of another's."""
    of_a_shard(batch, folder)
    return of_a_shard(batch, folder)


def of_a_shard(batch: int, folder: Path) -> float:
    """Seconds for each of 200 shards without work; they are made at the first call, then read."""
    content = bytes(100 * batch)  # about as much as is kept of a picture
    names = [str(i) for i in range(200)]
    took = seconds(lambda: list(processes.spread(names, lambda i: content, folder=folder)))
    return took / len(names)


def before_the_shards(batches: int, batch: int, folder: Path, many: bool) -> float:
    """Seconds of ``evaluate`` that each process spends alone: the checks of the model."""
    model = zoo.load(NETWORK, "cpu")
    images, _ = pictures(NETWORK, PICTURES)
    run_time_flags(model, images)
    return seconds(lambda: run_time_flags(model, images))


def augmentation(batches: int, batch: int, folder: Path, many: bool) -> float:
    """Seconds of the augmentation of a batch, which no GPU makes faster."""
    recipe = training.RECIPES.get(NETWORK)
    images, _ = pictures(NETWORK, recipe.batch)
    generator = torch.Generator().manual_seed(0)

    def step() -> None:
        augment(images, recipe.shift, recipe.mirror, generator)

    step()
    return seconds(lambda: [step() for _ in range(20)]) / 20


PARTS: dict[str, Task] = {
    "bookkeeping": bookkeeping,
    "reading": reading,
    "before_the_shards": before_the_shards,
    "augmentation": augmentation,
}
"""In seconds: what is not divided among the processes, or not done by a GPU."""
TASKS: dict[str, Task] = {"evaluate": evaluation, "small": small, "train": trained}


def seconds(run: Callable[[], object]) -> float:
    """From when all are ready to when all are done; ``spent`` gets this process's own time meanwhile."""
    processes.together()
    begun, own = time.perf_counter(), time.process_time()
    run()
    processes.together()
    spent.append(time.process_time() - own)
    return time.perf_counter() - begun


def work(task: str, batches: int, batch: int, cores: list[int], many: bool, into: str) -> None:
    """What a process does: pinned to its core; the main one writes how long it took."""
    rank = processes.world().rank
    os.sched_setaffinity(0, {cores[rank]})
    torch.set_num_threads(1)
    took = (TASKS | PARTS)[task](batches, batch, Path(into, "work"), many)
    Path(into, f"{rank}.seconds").write_text(f"{took} {spent[-1]}")


def measured(
    task: str, contestant: str, options: argparse.Namespace, cores: list[int]
) -> tuple[float, float]:
    """Of one launch: seconds of the slowest process, and processor seconds of all together."""
    n = 1 if contestant == ALONE else int(contestant)
    config = LaunchConfig(
        1, 1, n, rdzv_backend="c10d", rdzv_endpoint="localhost:0", start_method="fork",
        run_id="scale", max_restarts=0,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as into:
        many = contestant != ALONE
        elastic_launch(config, work)(task, options.batches, options.batch, cores, many, into)
        found = [path.read_text().split() for path in Path(into).glob("*.seconds")]
    return max(float(took) for took, _ in found), sum(float(own) for _, own in found)


def parts(options: argparse.Namespace, cores: list[int]) -> dict:
    """What a simulation of more processes needs: see docs/many-machines.md."""
    network = zoo.untrained(NETWORK)
    code = "import robust_core.commands.evaluate, robust_core.evaluation.accuracy, robust_core.zoo"
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return {
        "start": time.perf_counter() - begun,
        **{name: measured(name, "1", options, cores)[0] for name in PARTS},
        "network": NETWORK,
        "weights": sum(p.numel() for p in network.parameters()),
        "batch_norms": sum(isinstance(m, torch.nn.BatchNorm2d) for m in network.modules()),
    }


def row(task: str, options: argparse.Namespace, cores: list[int]) -> dict:
    """The times of all contestants at a task."""
    contestants = [ALONE, *map(str, options.processes)]
    times: dict[str, list[float]] = {name: [] for name in contestants}
    own: dict[str, list[float]] = {name: [] for name in contestants}
    lots = random.Random(0)
    for _ in range(options.rounds):
        for name in lots.sample(contestants, len(contestants)):
            took, used = measured(task, name, options, cores)
            times[name].append(took)
            own[name].append(used)
    many = contestants[1:]
    efficiency = {n: share(times[ALONE], [int(n) * t for t in times[n]]) for n in many}
    work = {n: share(own[ALONE], own[n]) for n in many}
    return {"task": task, "seconds": times, "cpu": own, "efficiency": efficiency, "work": work}


def share(alone: list[float], together: list[float]) -> float:
    """The median over the rounds of their ratios."""
    return median(one / other for one, other in zip(alone, together, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--task", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2], metavar="N")
    parser.add_argument("--batches", type=int, default=16, help="as many shards, or steps")
    parser.add_argument("--batch", type=int, default=32, help="pictures of a shard")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    options = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    if max(options.processes) > len(cores):
        parser.error(f"--processes: there are {len(cores)} cores")
    load = os.getloadavg()[0]
    print(f"load before: {load:.2f}; aim on two processes of an idle machine: {AIM:.0%}")
    rows = []
    for task in options.task:
        found = row(task, options, cores)
        rows.append(found)
        times = "".join(f"{median(t):>9.2f} s" for t in found["seconds"].values())
        shares = "".join(f"{one:>8.1%}" for one in found["efficiency"].values())
        work = "".join(f"{one:>8.1%}" for one in found["work"].values())
        print(f"{task:<10}{times}   efficiency{shares}   of processor time{work}", flush=True)
    if options.json:
        told = {"clock": "wall time", "load_before": load, "rounds": options.rounds}
        told |= {"batches": options.batches, "batch": options.batch}
        report = (
            told | conditions(torch.device("cpu")) | {"parts": parts(options, cores), "rows": rows}
        )
        options.json.write_text(files.json_text(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
