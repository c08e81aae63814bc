"""The work folder of an evaluation by many processes: what is finished is kept there until the end."""

import argparse
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from tqdm import tqdm

from robust_core import files, processes
from robust_core.commands import options, output

if TYPE_CHECKING:
    from torch import Tensor

    from robust_core.classifier import Classifier
    from robust_core.evaluation.passes import Dealt, Passes

J = TypeVar("J")
DEFAULT = Path("runs", "work")
LAUNCHER = "torchrun --nproc-per-node N -m robust_core"
BESIDE = ("run", "passed_on", "out", "json", "work", "keep_work", "shared")
"""What stands in the options and decides no figure."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of many processes."""
    group = parser.add_argument_group(
        "many processes",
        f"{LAUNCHER} evaluate ... distributes the batches, or the rows of a suite, over N processes. What "
        "is finished is kept in the work folder; the same command goes on from there.",
    )
    options.add_folder(
        group, "--work", f"for finished shards, until the end (default: {DEFAULT.as_posix()})"
    )
    group.add_argument(
        "--keep-work", action="store_true", help="leave the finished shards there at the end too"
    )


class Work:
    """The folder of one command line, whose name says what the options and the code are."""

    def __init__(self, args: argparse.Namespace) -> None:
        import robust_core

        said = {name: value for name, value in vars(args).items() if name not in BESIDE}
        self.about = [said, output.versions(), os.environ.get("OMP_NUM_THREADS")]
        code = files.hash_of_code(Path(robust_core.__path__[0])).hex()
        self.folder = (args.work or DEFAULT) / _digest([*self.about, code])
        self.deals: list[Dealt] = []
        self.jobs = self.found = 0

    def passes(self, model: "Classifier", images: "Tensor", labels: "Tensor", what: Any) -> "Dealt":
        """For passes over pictures that are the same in weights, pictures and ``what`` is asked."""
        from robust_core.evaluation.passes import Dealt
        from robust_core.zoo.weights import fingerprint

        pictures = hashlib.sha256(images.contiguous().numpy().tobytes())
        pictures.update(labels.contiguous().numpy().tobytes())
        about = [fingerprint(model), str(model.device.type), pictures.hexdigest(), _weights(), what]
        self.deals.append(Dealt(self.folder / _digest(about)))
        return self.deals[-1]

    def each(
        self, jobs: Sequence[J], name: Callable[[J], Any], make: Callable[[J], Any]
    ) -> Iterator[tuple[J, Any]]:
        """As ``each`` below, dealt to the processes."""
        names = [f"{_digest([_weights(), name(job)])}.json" for job in jobs]
        self.jobs += len(jobs)
        self.found += processes.told(lambda: sum((self.folder / n).exists() for n in names))
        outcomes = processes.spread(
            names, lambda i: files.json_text(make(jobs[i])).encode(), folder=self.folder
        )
        for job, content in zip(jobs, outcomes, strict=True):
            yield job, json.loads(content)

    def told(self) -> str:
        """How much there was to do."""
        shards = sum(deal.shards for deal in self.deals) + self.jobs
        found = sum(deal.found for deal in self.deals) + self.found
        return f"{shards} shards by {processes.world().size} processes, {found} of them found done"


@contextmanager
def opened(args: argparse.Namespace) -> Iterator[None]:
    """Within the block ``args.shared`` is the work of all processes, None where there is one alone.

    The folder goes at the end, unless it is to be kept; after a failure it stays. Raises ``ValueError``
    for its options without torch's launcher, ``files.Locked`` where another evaluation is at it.
    """
    args.shared = None
    if not processes.launched():
        if args.work or args.keep_work:
            raise ValueError(f"--work and --keep-work are for many processes: {LAUNCHER} evaluate")
        yield
        return
    args.shared = shared = Work(args)
    busy = f"Another evaluation with these options works in {shared.folder}: wait for its end"
    lock = shared.folder.with_suffix(".lock")
    with files.locked(lock, busy) if processes.is_main() else nullcontext():
        yield
        processes.together()
        tqdm.write(shared.told(), file=sys.stderr)
        if processes.world().local_rank == 0 and not args.keep_work:
            shutil.rmtree(shared.folder, ignore_errors=True)
            with suppress(OSError):  # Windows keeps files that are in use
                lock.unlink(missing_ok=True)


def passes(
    args: argparse.Namespace, model: "Classifier", images: "Tensor", labels: "Tensor", what: Any
) -> "Passes":
    """How passes over pictures are made: by all processes, or by this one."""
    from robust_core.evaluation.passes import in_turn

    return args.shared.passes(model, images, labels, what) if args.shared else in_turn


def each(
    args: argparse.Namespace,
    jobs: Sequence[J],
    name: Callable[[J], Any],
    make: Callable[[J], Any],
) -> Iterator[tuple[J, Any]]:
    """Each job with what ``make`` gives for it (plain JSON), in order.

    ``name`` is what tells a job from the others, under the options of the command.
    """
    if args.shared:
        yield from args.shared.each(jobs, name, make)
    else:
        for job in jobs:
            yield job, make(job)


def _weights() -> dict[str, str | None]:
    """What is bundled now: models, and detectors that may be asked."""
    from robust_core import zoo

    return {name: entry.get("sha256") for name, entry in zoo.index().items()}


def _digest(about: Any) -> str:
    return hashlib.sha256(json.dumps(about, sort_keys=True, default=repr).encode()).hexdigest()[:16]
