"""How many visitors a core carries, and what a class needs: computed from the committed benchmark."""

import math
import re
from inspect import signature

from docs.generator.markdown import number, table
from docs.generator.results.files import result
from robust_core.dashboard.departed import ALL_UPLOADS
from robust_core.engine import Engine
from robust_core.paths import ROOT

BENCHMARK = "python benchmarks/dashboard.py --json assets/results/benchmark-dashboard.json"
FAIRNESS = (
    "python benchmarks/dashboard.py --greedy --replicas "
    "--json assets/results/benchmark-replicas.json"
)
SESSIONS = "32"
"""The load of the benchmark that is counted on: the largest."""
PACE = 10.0
"""Assumed: seconds between two changes of one student, who also reads and talks."""
PLANNED = 0.5
"""The share of the measured rate that is planned for; the rest is for attacks that take seconds."""
SPARE = 1
"""Replicas that may be lost."""
CLASSES = (30, 300)


def capacity() -> str:
    """What one replica answers under load, and what that makes for each core."""
    report = result("benchmark-dashboard")
    where = report["machine"]
    heads = {
        "pictures": "l",
        "sessions": "r",
        "answers a second": "r",
        "median, s": "r",
        "95 % within, s": "r",
        "processor s an answer": "r",
    }
    loads = {"CIFAR-10": report["load"], "photographs of 128 px": report.get("load_128", {})}
    rows = [
        (
            what,
            sessions,
            number(both["page"]["runs_per_second"], ".1f"),
            number(both["page"]["p50"], ".2f"),
            number(both["page"]["p95"], ".2f"),
            number(both["page"]["cpu"], ".2f"),
        )
        for what, load in loads.items()
        for sessions, both in load.items()
    ]
    each = _rate() / where["cores"]
    return "\n\n".join(
        [
            table(heads, rows),
            f"Measured on {where['cores']} cores ({where['processor']}), which the clients share, with "
            f"Streamlit {where['streamlit']} and torch {where['torch']}: `{BENCHMARK}`.",
            f"With {SESSIONS} sessions that is {_rate():.1f} answers a second, {each:.1f} for each core. "
            f"Students who change something every {PACE:g} s each, at {100 * PLANNED:.0f} % of that rate, "
            f"make **{int(each * PLANNED * PACE)} sessions a core**: "
            f"{each:.1f} x {PLANNED:g} x {PACE:g} s.",
        ]
    )


def students() -> str:
    """Replicas, cores and memory for classes, with the arithmetic."""
    planned = _rate() * PLANNED
    rows = []
    for n in CLASSES:
        changes = n / PACE
        needed = math.ceil(changes / planned)
        each = math.ceil(n / needed)
        total = needed + SPARE
        rows.append(
            (
                n,
                f"{n} / {PACE:g} s = {changes:g}",
                f"{changes:g} / {planned:.1f} = {changes / planned:.1f}, so {needed}",
                f"{needed} + {SPARE} = {total}",
                f"{total} x {_limit('cpus')} = {total * _limit('cpus')}",
                f"{total} x {_limit('mem_limit')} = {total * _limit('mem_limit')}",
                each,
                f"{each} / {_rate():.1f} = {each / _rate():.1f}",
            )
        )
    heads = dict.fromkeys(
        (
            "students",
            "changes a second",
            f"replicas at {planned:.1f} a second",
            "with one to lose",
            "cores",
            "memory, GB",
            "sessions each, one lost",
            "s if all press at once",
        ),
        "r",
    )
    line = signature(Engine).parameters["queue_limit"].default // 2
    return (
        f"{table(heads, rows)}\n\nA class behind one router has one address. One address may fill half of "
        f"the line of a replica, which is {line} computations."
    )


def memory() -> str:
    """The sum behind the limit of a replica."""
    held = result("benchmark-dashboard")["memory_mb"]["after_load"]
    kept = {
        "results that are kept": _megabytes("cache_bytes"),
        "computations whose turn has not come": _megabytes("paused_bytes"),
        "uploads": ALL_UPLOADS // 2**20,
        "files in `/tmp`, which is held in memory": _compose(r"/tmp:size=(\d+)m"),
    }
    parts = " + ".join([f"{held:.0f}", *(f"{size} ({what})" for what, size in kept.items())])
    total = held + sum(kept.values())
    return (
        f"After the sessions above a process held {held:.0f} MB. With all that may grow it is {parts} = "
        f"{total:.0f} MB; the limit of a replica is {_limit('mem_limit')} GB."
    )


def fairness() -> str:
    """A polite visitor beside greedy ones, at each replica behind the proxy."""
    report = result("benchmark-replicas")
    rows = []
    for name in (key for key in report if key.startswith("replica ")):
        for where, found in report[name].items():
            told = f"beside {where} greedy tabs" if where.isdigit() else where
            rows.append(
                (
                    name,
                    told,
                    found["n"],
                    number(found["cpu"], ".2f"),
                    number(found["cpu_worst"], ".2f"),
                    len(found["errors"]),
                )
            )
    heads = {
        "": "l",
        "FGSM, new result": "l",
        "answers": "r",
        "processor s, median": "r",
        "most": "r",
    }
    where = report["machine"]
    return "\n\n".join(
        [
            table({**heads, "errors": "r"}, rows),
            "Processor seconds of the replica from the question to the answer, for this visitor and all "
            "others: how long it waits where the processor is free. They do not depend on what else the "
            f"machine does. Measured on {where['cores']} cores: `{FAIRNESS}`.",
        ]
    )


def _rate() -> float:
    """Answers a second of one replica."""
    return result("benchmark-dashboard")["load"][SESSIONS]["page"]["runs_per_second"]


def _limit(name: str) -> int:
    """Cores, or memory in GB, of a replica."""
    return _compose(rf"^  {name}: (\d+)g?$")


def _compose(pattern: str) -> int:
    """The number that ``pattern`` finds first in deploy/compose.yaml, where replicas stand first."""
    text = (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")
    found = re.search(pattern, text, re.MULTILINE)
    if found is None:
        raise ValueError(f"deploy/compose.yaml has no {pattern}")
    return int(found[1])


def _megabytes(option: str) -> int:
    return signature(Engine).parameters[option].default // 2**20
