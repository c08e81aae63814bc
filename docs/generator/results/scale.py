"""Many processes: the measured efficiency, and what 8 and 64 GPUs would give by a model on paper."""

from math import ceil
from statistics import median
from typing import Any

from docs.generator.markdown import number, percent, table
from docs.generator.results.files import machine, result

FASTER = 100
"""Assumed: as many times as fast as one core of the benchmark is a GPU at a shard or a step."""
PICTURES, BATCH, PASSES = 50_000, 32, 6
"""Assumed evaluation: ImageNet's test pictures, clean and under an attack at five radii."""
GPUS = (1, 8, 64)
MACHINE = 8
"""GPUs of a machine."""
BYTES = {"within": 200e9, "between": 25e9}
"""Assumed bytes a second of a GPU's link within a machine, and of its share of the network between."""
DELAY = {"within": 15e-6, "between": 40e-6}
"""Assumed seconds of a sum of few numbers over all GPUs, for each of the log2 of their number."""
GLOBAL_BATCHES = (128, 1024)


def tables() -> str:
    """The benchmark, and the model."""
    report = result("benchmark-scale")
    return f"{measured(report)}\n\n{on_paper(report)}"


def measured(report: dict[str, Any]) -> str:
    """A row for each task."""
    counts = list(report["rows"][0]["efficiency"])
    heads = {"task": "l", "alone, s": "r"}
    heads |= {f"{n} by launcher, s": "r" for n in counts}
    heads |= {f"efficiency of {n}": "r" for n in counts}
    heads |= {f"of processor time, {n}": "r" for n in counts}
    rows = [
        [
            f"`{row['task']}`",
            *(number(median(times), ".2f") for times in row["seconds"].values()),
            *(percent(row[share][n], 0) for share in ("efficiency", "work") for n in counts),
        ]
        for row in report["rows"]
    ]
    about = (
        f"Measured: `{report['command']}`, {machine(report)}, {report['rounds']} rounds, load before "
        f"{report['load_before']:.1f}."
    )
    return f"{about}\n\n{table(heads, rows)}"


def sharing() -> str:
    """Where the time of a training's step by two processes goes, part by part."""
    report = result("benchmark-sharing")
    rows = report["rows"]
    whole = rows[0]["cpu"]
    heads = {
        "each of two processes": "l",
        "ms": "r",
        "processor ms": "r",
        "that is an efficiency of": "r",
    }
    lines = [[rows[0]["told"], number(rows[0]["wall"], ".0f"), number(whole, ".0f"), ""]]
    for row in rows[1:]:
        share = percent(whole / 2 / row["cpu"], 0)
        lines.append([row["told"], number(row["wall"], ".0f"), number(row["cpu"], ".0f"), share])
    about = (
        f"Measured: `{report['command']}`, {machine(report)}, median of "
        f"{report['rounds'] * report['steps']} steps, load before {report['load_before']:.1f}. The "
        "efficiency is that of processor time; on a machine with other work only that is meaningful."
    )
    return f"{table(heads, lines)}\n\n{about}"


def on_paper(report: dict[str, Any]) -> str:
    """Seconds and efficiency of an evaluation and of a training step by ``GPUS``."""
    heads = {"GPUs": "r", "evaluation, s": "r", "efficiency": "r"}
    for batch in GLOBAL_BATCHES:
        heads |= {f"step of {batch}, ms": "r", f"efficiency, {batch}": "r"}
    rows = []
    for n in GPUS:
        line: list[object] = [n]
        times = [evaluation(report, n), evaluation(report, 1)]
        line += [number(times[0], ".1f"), percent(times[1] / n / times[0], 0)]
        for batch in GLOBAL_BATCHES:
            own, one = step(report, n, batch), step(report, 1, batch)
            line += [number(1000 * own, ".2f"), percent(one / n / own, 0)]
        rows.append(line)
    return f"{assumed(report)}\n\n{table(heads, rows)}"


def assumed(report: dict[str, Any]) -> str:
    parts = report["parts"]
    found = [
        f"a shard {shard(report):.3g} s",
        f"a step of 128 {training_step(report):.3g} s",
        f"bookkeeping of a shard {1000 * parts['bookkeeping']:.2g} ms",
        f"reading one that another has made {1000 * parts['reading']:.2g} ms",
        f"checks before the shards {parts['before_the_shards']:.2g} s",
        f"augmentation of 128 pictures {1000 * parts['augmentation']:.2g} ms",
        f"{parts['weights']:,} weights",
        f"{parts['batch_norms']} batch normalisations of `{parts['network']}`",
    ]
    within, between = (f"{BYTES[link] / 1e9:.0f} GB/s" for link in ("within", "between"))
    near, far = (f"{1e6 * DELAY[link]:.0f} us" for link in ("within", "between"))
    taken = [
        f"a GPU works {FASTER} times as fast as one of these cores, while bookkeeping and "
        "augmentation stay as they are",
        f"the evaluation has {PICTURES:,} pictures in batches of {BATCH}, clean and under "
        f"{PASSES - 1} attacks, and all its shards are as long as the one measured",
        f"{MACHINE} GPUs to a machine, with {within} within one and {between} between them",
        f"a sum of few numbers takes {near} within a machine and {far} beyond, for each doubling "
        "of the GPUs",
        "gradients are summed after the backward pass, not during it",
    ]
    return (
        f"On paper, from these measured parts: {', '.join(found)}. And these assumptions: "
        f"{'; '.join(taken)}. The start of Python and torch ({parts['start']:.2g} s here) is left out."
    )


def of(report: dict[str, Any], task: str) -> float:
    """Seconds of a task alone."""
    return median(next(r for r in report["rows"] if r["task"] == task)["seconds"]["alone"])


def shard(report: dict[str, Any]) -> float:
    """Seconds of one shard under attack on a core; the clean pass beside it is a small part of that."""
    return of(report, "evaluate") / report["batches"]


def training_step(report: dict[str, Any]) -> float:
    return of(report, "train") / report["batches"]


def evaluation(report: dict[str, Any], n: int) -> float:
    """Waves of shards; all outcomes come to the main process, which reads them one by one."""
    shards = ceil(PICTURES / BATCH) * PASSES
    own = shard(report) / FASTER + report["parts"]["bookkeeping"]
    waves = ceil(shards / n) * own
    reading = shards * report["parts"]["reading"]
    return report["parts"]["before_the_shards"] / FASTER + max(waves, reading)


def step(report: dict[str, Any], n: int, batch: int) -> float:
    """A step of ``batch`` pictures: a share of the work, and the sums."""
    parts, share = report["parts"], batch / 128
    work = share * (training_step(report) - parts["augmentation"]) / FASTER
    work += share * parts["augmentation"]  # which stays on the processor
    if n == 1:
        return work
    link = "within" if n <= MACHINE else "between"
    sums = 1 + 2 * parts["batch_norms"]  # one on the way forward, one on the way back
    delays = sums * DELAY[link] * (n - 1).bit_length()
    return work / n + 2 * (n - 1) / n * 4 * parts["weights"] / BYTES[link] + delays
