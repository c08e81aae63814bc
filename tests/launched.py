"""Tasks by many processes under torch's own launcher, for tests: ``python -m tests.launched tasks.json``.

The launcher is the one behind ``torchrun``; the processes are forked from this one, which has imported
torch, so that a task costs a fraction of a second instead of seconds for each process.
"""

import importlib
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from robust_core import processes
from robust_core import training as core
from robust_core.__main__ import main
from robust_core.evaluation.effects import Trial
from robust_core.training.detectors import array_file
from robust_core.training.objectives import LambdaTraining
from robust_core.training.run import Trainer

COUNTED = {"shard": (Trial, "effect"), "step": (Trainer, "step")}
"""What is counted in the log, and where a process can be killed."""
SHORT = {"epochs": 2, "batch": 13, "peak_rate": 0.01, "averaging": None, "shift": 1}
TRAININGS = {
    "normalised": replace(core.RECIPES.get("cifar10-resnet32"), **SHORT),
    "lambda": replace(core.RECIPES.get("digits-cnn"), **SHORT, objective=LambdaTraining()),
}
"""Batches of 13 and 1: the first cannot be halved, and the second cannot be shared."""


@dataclass(frozen=True)
class Task:
    """A command for ``processes`` processes; rank 1 dies in its ``at``-th ``kill`` of the first attempt.

    Instead of a command, ``arguments`` may name one of ``CALLS``. Where they ``meet``, none goes on with
    one of its first ``at`` shards before another process has begun as many, or half a minute is over:
    else one may have made them all before the others are awake.
    """

    name: str
    processes: int
    arguments: list[str]
    restarts: int = 0
    kill: str = ""
    at: int = 2
    meet: bool = False
    folder: str = ""

    @property
    def log(self) -> Path:
        """A line for each shard or step that was begun: what, attempt, rank."""
        return Path(self.folder, f"{self.name}.log")

    def printed(self, stream: str, rank: int) -> Path:
        """What a process printed on ``out`` or ``err`` in its last attempt."""
        return Path(self.folder, f"{self.name}-{rank}.{stream}")


def work(task: Task) -> None:
    """What each process does."""
    torch.set_num_threads(1)
    here = processes.world()
    for what in COUNTED:
        _count(task, what, here)
    for stream in ("out", "err"):
        path = task.printed(stream, here.rank)
        setattr(sys, f"std{stream}", path.open("w", encoding="utf-8", buffering=1))
    what = task.arguments[0]
    if what in CALLS:
        found = CALLS[what](Path(task.folder, task.name))
        if processes.is_main():
            torch.save(found, Path(task.folder, f"{task.name}.pt"))
    elif status := main(task.arguments):
        raise SystemExit(status)


def train(name: str, folder: Path) -> dict[str, Any]:
    """The curve and the weights of one of ``TRAININGS``, on pictures of noise, in float64.

    Which is not computed in bfloat16, so that only the order of sums is left to differ.
    """
    from robust_core import zoo

    recipe = TRAININGS[name]
    model = zoo.untrained(recipe.model, 0).double()
    generator = torch.Generator().manual_seed(0)
    size = (14, model.channels, *model.input_size)
    images = torch.rand(size, generator=generator, dtype=torch.float64)
    labels = torch.arange(14) % 10
    trainer = core.train(model, recipe, (images, labels), folder=folder, show=False)
    return {"curve": trainer.curve, "weights": trainer.result().state_dict()}


def crafted(folder: Path) -> dict[str, Any]:
    """Rows of an array on disk, in parts of 4, and which process made each part."""
    folder.mkdir(exist_ok=True)

    def make(rows: slice) -> torch.Tensor:
        with (folder / "made").open("a") as made:
            made.write(f"{processes.world().rank}\n")
        time.sleep(0.1)
        return torch.arange(70).view(10, 7)[rows].half()

    array_file.PART = 4
    rows = array_file.filled(folder / "rows.npy", (10, 7), make, show=False)
    return {"rows": torch.from_numpy(rows.copy()), "by": (folder / "made").read_text().split()}


CALLS: dict[str, Callable[[Path], dict[str, Any]]] = {
    **{name: partial(train, name) for name in TRAININGS},
    "crafted": crafted,
}


def _count(task: Task, what: str, here: processes.World) -> None:
    owner, name = COUNTED[what]
    original = getattr(owner, name)
    seen = []

    def counting(*args: Any, **options: Any) -> Any:
        seen.append(what)
        with task.log.open("a") as log:
            log.write(f"{what} {here.attempt} {here.rank}\n")
        if task.meet and len(seen) <= task.at:
            _wait_for_another(task.log, len(seen))
        if task.kill == what and here.rank == 1 and here.attempt == 0 and len(seen) == task.at:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args, **options)

    setattr(owner, name, counting)


def _wait_for_another(log: Path, begun: int) -> None:
    """Until two processes have begun that many; of the last line only a part may be there."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        whole = log.read_text().rpartition("\n")[0].splitlines()
        shards = Counter(line.split()[2] for line in whole)
        if sum(n >= begun for n in shards.values()) >= 2:
            return
        time.sleep(0.01)


def launch(task: Task) -> bool:
    """Whether all processes ended well."""
    config = LaunchConfig(
        1,
        1,
        task.processes,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        run_id=task.name,
        max_restarts=task.restarts,
        start_method="fork",
    )
    try:
        elastic_launch(config, work)(task)
    except Exception as error:
        print(f"{task.name}: {error}", file=sys.stderr)
        return False
    return True


def run(tasks: list[Task], folder: Path) -> dict[str, bool]:
    """Launch one after the other, from a new Python; whether each ended well, by name."""
    import subprocess

    path = folder / "tasks.json"
    path.write_text(json.dumps([{**asdict(task), "folder": str(folder)} for task in tasks]))
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.launched", str(path)],
        check=False,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr
    print(done.stderr)
    return json.loads(done.stdout.splitlines()[-1])


NEEDED = (
    *("torch._dynamo", "torch.fx.experimental.symbolic_shapes", "torch.nested", "numpy.ma"),
    *(f"robust_core.commands.{name}" for name in ("evaluate", "evaluation.natural", "train")),
    *("robust_core.data.datasets", "robust_core.evaluation.accuracy", "robust_core.natural"),
    "robust_core.zoo.loading",
)
"""What commands, the first gradient and the first optimizer import: here once, not in each process."""

if __name__ == "__main__":
    for name in NEEDED:
        importlib.import_module(name)
    os.chdir(Path(sys.argv[1]).parent)  # runs/ goes there
    tasks = [Task(**one) for one in json.loads(Path(sys.argv[1]).read_text())]
    print(json.dumps({task.name: launch(task) for task in tasks}))
