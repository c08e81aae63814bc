"""Compare the attacks by queries with three libraries at equal query budgets, and with bare forward passes.

    python benchmarks/black_box.py --threads 1 --json runs/black_box.json
    python benchmarks/black_box.py --quick --attack square hopskipjump

Every contestant attacks the same pictures and model, and may ask the same number of queries about each.
Strength and time are runs of their own: see black_box_judge.py. Rows that FILE has already are kept, so a
long run that was stopped goes on. See benchmarks/README.md for the words and the peers' environment.
"""

import argparse
import contextlib
import json
import math
import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.stats import bootstrap
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from black_box_judge import Counting, Judge, Spent
from black_box_peers import PACKAGES, Peer, peers, seeded, within
from black_box_report import table
from contestants import installed, prepare
from minimum_norm import MODEL, pictures
from timing import Clock, Run, machine, race
from turns import in_turns, per_query

from robust_core import attacks, files, zoo

SETTINGS: dict[str, dict[str, float | bool]] = {
    "square": {"eps": 4 / 255, "p_init": 0.8},
    "square-l2": {"eps": 0.5, "p_init": 0.8},
    "nes": {"eps": 4 / 255, "step_size": 1 / 255},
    "simba": {"both_ways": True},
    "simba-dct": {"both_ways": True},
    "boundary": {},
    "hopskipjump": {},
    "hopskipjump-linf": {},
    "surfree": {},
}
"""Sizes at which the outcome is open: at 8/255 nearly every picture falls within 500 queries. First squares
are as large as the peers' (AutoAttack's): small pictures fall to them in fewer queries than the paper's.
SimBA asks about both ways along a direction, as ART's does."""
FULL = ((64, 500), (64, 1000), (16, 5000))
QUICK = ((16, 500),)
ALONE = 4
"""Pictures for a peer that takes one after the other and needs hours for more. More would not make it
quicker, so it is timed on these also where ours has all pictures of the row at once."""
FLOOR = 64
"""Pictures in a pass of the floor."""
TURN = 4 * FLOOR
"""Queries after which a contestant beside a batched peer hands over to the next."""


@dataclass(frozen=True)
class Task:
    """What everybody does in one row."""

    attack: attacks.Attack
    images: Tensor
    labels: Tensor
    budget: int

    def few(self, most: int | None) -> "Task":
        return Task(self.attack, self.images[:most], self.labels[:most], self.budget)

    def each(self) -> list["Task"]:
        """A task for every picture."""
        ones = zip(self.images.split(1), self.labels.split(1), strict=True)
        return [Task(self.attack, x, y, self.budget) for x, y in ones]


def strength(peer: Peer | None, model: nn.Module, task: Task, seed: int = 0) -> Tensor:
    """How far from its picture the nearest wrong one is that was found, ``[N]``; infinite: none.

    With an eps only what lies within it was found. None: ours. ``seed``: of a peer's random numbers.
    """
    if peer is None:
        result = task.attack.run(model, task.images, task.labels)
        far = result.l2 if task.attack.norm == "l2" else result.linf
        found = torch.where(result.success, far.double(), torch.inf)
    elif peer.alone and len(task.images) > 1:
        return torch.cat([strength(peer, model, one, i) for i, one in enumerate(task.each())])
    else:
        judge = Judge(
            model, task.images, task.labels, task.budget, task.attack.norm, peer.rows
        ).eval()
        seeded(seed)
        with contextlib.suppress(Spent):
            peer.run(judge, task.images, task.labels, task.budget)
        found = judge.distance
    return torch.where(found <= within(task.attack), found, torch.inf)


def worker(peer: Peer | None, model: nn.Module, task: Task) -> Run:
    """The attack itself, for the clock."""

    def run() -> None:
        if peer is None:
            task.attack(model, task.images, task.labels)
            return
        for i, one in enumerate(task.each() if peer.alone else [task]):
            counting = Counting(model, len(one.images) * one.budget).eval()
            seeded(i)
            with contextlib.suppress(Spent):
                peer.run(counting, one.images, one.labels, one.budget)

    return run


def floor(model: nn.Module, images: Tensor, passes: list[int]) -> Run:
    """Bare forward passes of so many pictures each."""
    largest = max(passes)
    copies = images.repeat(-(-largest // len(images)), 1, 1, 1)[:largest]

    def run() -> None:
        with torch.no_grad():
            for size in passes:
                model(copies[:size])

    return run


def at_once(queries: int) -> list[int]:
    """The passes of so many queries, 64 at once."""
    whole, rest = divmod(queries, FLOOR)
    return [FLOOR] * whole + [rest] * (rest > 0)


def passes_of(model: nn.Module, run: Run) -> list[int]:
    """Pictures in each pass of one run of a contestant, which ends early where pictures are done."""
    asked: list[int] = []
    handle = model.register_forward_pre_hook(lambda module, inputs: asked.append(len(inputs[0])))
    run()
    handle.remove()
    return asked


def finite(value: float) -> float | None:
    """None for what JSON cannot hold: no median where half of the pictures are not found."""
    return value if math.isfinite(value) else None


TOO_FEW = 4
"""With so few pictures an interval says nothing."""


def advantage(ours: Tensor, theirs: Tensor, sized: bool) -> dict:
    """Ours beside theirs on the same pictures, with a paired bootstrap interval at 95 %.

    ``sized``: the difference of the shares within eps, else the ratio of the median distances.
    """

    def measure(a: np.ndarray, b: np.ndarray, axis: int = -1) -> np.ndarray:
        if sized:
            return np.isfinite(a).mean(axis) - np.isfinite(b).mean(axis)
        with np.errstate(invalid="ignore"):
            return np.median(a, axis) / np.median(b, axis)

    pair = (ours.numpy(), theirs.numpy())
    told = {"what": "difference of success" if sized else "ratio of medians", "n": len(ours)}
    told["value"] = finite(float(measure(*pair)))
    if len(ours) > TOO_FEW:
        found = bootstrap(
            pair, measure, paired=True, n_resamples=5000, method="percentile", rng=0
        ).confidence_interval
        told["low"], told["high"] = finite(float(found.low)), finite(float(found.high))
    return told


def ratio(times: dict[str, list[float]], who: str, other: str) -> float:
    """Median over the rounds of one's time divided by the other's."""
    return statistics.median(a / b for a, b in zip(times[who], times[other], strict=True))


@dataclass(frozen=True)
class Row:
    """Everybody's times in one row; ``own`` is how far ours came, ``passes`` are its forward passes.

    ``processes`` of each contestant take fine turns; the others run in ``rounds``.
    """

    model: nn.Module
    task: Task
    processes: int
    rounds: int
    now: Clock
    own: Tensor
    passes: list[int]

    def beside_batches(self, others: list[Peer]) -> list[dict]:
        """Ours, and peers with batches, in fine turns; the first time with bare passes."""
        asked = sum(self.passes)
        runs = {"ours": worker(None, self.model, self.task)}
        runs |= {peer.name: worker(peer, self.model, self.task) for peer in others}
        bare = {
            "floor": floor(self.model, self.task.images, at_once(asked)),
            "same": floor(self.model, self.task.images, self.passes),
        }
        first = in_turns(runs | bare, self.model, TURN, self.now)
        again = range(self.processes - 1 if others else 0)
        rounds = [first, *(in_turns(runs, self.model, TURN, self.now) for _ in again)]

        def told(who: str, found: Tensor) -> dict:
            seconds, queries = (sum(each) for each in zip(*first[who], strict=True))
            over = per_query([first], who, "floor")["value"]
            return judged(who, found, queries / len(found), seconds, over)

        same = per_query([first], "ours", "same")
        entries = [
            told("ours", self.own) | {"over_same": same["value"], "passes": len(self.passes)}
        ]
        for peer in others:
            found = strength(peer, self.model, self.task)
            taken = per_query(rounds, "ours", peer.name)
            entries.append(
                told(peer.name, found)
                | self.beside(found, alone=False, timed=len(found))
                | {"in_turns": taken, "time_of_ours": taken["value"]}
            )
        return entries

    def beside_one(self, peer: Peer, alone: int) -> dict:
        """A peer that takes one picture after the other, in an order drawn by lot."""
        few = self.task.few(alone if peer.slow else None)
        timed = few.few(ALONE)
        runs = {
            peer.name: worker(peer, self.model, timed),
            "ours on few": worker(None, self.model, timed),
        }
        passes = {who: passes_of(self.model, run) for who, run in runs.items()}
        asked = {who: sum(each) for who, each in passes.items()} | {"ours": sum(self.passes)}
        theirs = asked[peer.name]
        runs["ours"] = worker(None, self.model, self.task)
        runs["floor"] = floor(self.model, timed.images, at_once(theirs))
        runs["same"] = floor(self.model, timed.images, passes[peer.name])
        times = race(runs, timed.images.device, self.rounds, self.now)
        found = strength(peer, self.model, few)
        seconds = statistics.median(times[peer.name])
        over = ratio(times, peer.name, "floor")
        # A query of ours for a query of theirs: who ends early does not look slower.
        return (
            judged(peer.name, found, theirs / len(timed.images), seconds, over)
            | self.beside(found, alone=True, timed=len(timed.images))
            | {
                "over_same": ratio(times, peer.name, "same"),
                "single": passes[peer.name].count(1) / theirs,
                "time_of_ours": ratio(times, "ours", peer.name) * theirs / asked["ours"],
                "time_of_ours_on_few": ratio(times, "ours on few", peer.name)
                * theirs
                / asked["ours on few"],
            }
        )

    def beside(self, found: Tensor, alone: bool, timed: int) -> dict:
        sized = "eps" in self.task.attack.parameters
        strong = advantage(self.own[: len(found)], found, sized)
        return {"alone": alone, "timed": timed, "ours_beside_it": strong}


def judged(who: str, found: Tensor, queries: float, seconds: float, over_floor: float) -> dict:
    """One contestant: ``queries`` about each picture, ``seconds`` of its run."""
    entry = {
        "who": who,
        "n": len(found),
        "success": float(found.isfinite().double().mean()),
        "median": finite(float(found.median())),
        "queries": queries,
        "seconds": seconds,
        "over_floor": over_floor,
    }
    print(f"  {who}: {seconds:.1f} s", file=sys.stderr)
    return entry


def compare(
    model: nn.Module, task: Task, processes: int, rounds: int, alone: int, now: Clock
) -> list[dict]:
    """Ours and each peer: strength, time, queries.

    ``alone``: pictures for the strength of a peer that takes one after the other; 0: it is left out.
    """
    own = strength(None, model, task)
    passes = passes_of(model, worker(None, model, task))
    row = Row(model, task, processes, rounds, now, own, passes)
    others = peers(task.attack)
    entries = row.beside_batches([peer for peer in others if not peer.alone])
    if alone:
        entries += [row.beside_one(peer, alone) for peer in others if peer.alone]
    return entries


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--attack", nargs="+", choices=list(SETTINGS), default=list(SETTINGS))
    parser.add_argument(
        "--budget",
        type=int,
        nargs="+",
        choices=[budget for _, budget in FULL],
        default=[budget for _, budget in FULL],
        help="only rows of these numbers of queries (without --quick)",
    )
    parser.add_argument("--data", type=Path, help="folder of CIFAR-10 (default: the data folder)")
    parser.add_argument("--threads", type=int, help="threads of torch (default: its own choice)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="of the contestants that do not take fine turns (3)"
    )
    parser.add_argument(
        "--processes", type=int, default=3, help="of each contestant that takes fine turns (3)"
    )
    parser.add_argument("--cpu-time", action="store_true", help="CPU seconds: for a busy machine")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="16 pictures, 500 queries, one round, no picture-by-picture peer",
    )
    parser.add_argument(
        "--alone",
        type=int,
        default=ALONE,
        metavar="N",
        help=f"pictures of a peer that takes one after the other ({ALONE}); more give an interval",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="keep and resume the figures")
    options = parser.parse_args()
    for name in ("rounds", "processes", "alone"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} must be at least 1")
    if options.quick:
        options.rounds = options.processes = 1
        options.alone = 0
    return options


def main() -> None:
    options = arguments()
    prepare(options.threads)
    model = zoo.load(MODEL, "cpu")
    missing = [name for name, package in PACKAGES.items() if not installed(package)]
    if missing:
        print(f"Without {', '.join(missing)}: see benchmarks/README.md to install.\n")
    report = {
        "model": MODEL,
        "machine": machine(torch.device("cpu")),
        "versions": {name: installed(name) for name in ("torch", *PACKAGES.values())},
        "clock": "CPU seconds" if options.cpu_time else "seconds",
        "rows": [],
    }
    if options.json and options.json.exists():
        report = json.loads(options.json.read_text(encoding="utf-8"))
    done = {(row["attack"], row["pictures"], row["budget"]) for row in report["rows"]}
    now = time.process_time if options.cpu_time else time.perf_counter
    chosen = [(count, budget) for count, budget in FULL if budget in options.budget]
    for count, budget in QUICK if options.quick else chosen:
        images, labels, report["data"] = pictures(model, count, options.data)
        for name in options.attack:
            if (name, count, budget) in done:
                continue
            print(f"{name}, {count} pictures, {budget} queries", file=sys.stderr)
            own = attacks.create(name, **SETTINGS[name], max_queries=budget)
            task = Task(own, images, labels, budget)
            entries = compare(model, task, options.processes, options.rounds, options.alone, now)
            report["rows"].append(
                {
                    "attack": name,
                    "norm": own.norm,
                    "eps": getattr(own, "eps", None),
                    "pictures": count,
                    "budget": budget,
                    "entries": entries,
                }
            )
            if options.json:
                options.json.write_text(files.json_text(report, indent=1) + "\n", encoding="utf-8")
    print(table(report["rows"]))


if __name__ == "__main__":
    main()
