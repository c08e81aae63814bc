"""Time the dashboard beside a bare Streamlit page, as websocket visitors see both.

    python benchmarks/dashboard.py
    python benchmarks/dashboard.py --quick
    python benchmarks/dashboard.py --greedy
    python benchmarks/dashboard.py --json assets/results/benchmark-dashboard.json

The bare page has as many widgets and three fixed pictures, and computes nothing: what it takes is
Streamlit's share. Both are served in the same run and take turns. Clients run on the same machine
and their work counts against the servers. See benchmarks/README.md for what each line means.
"""

import argparse
import asyncio
import importlib.metadata
import json
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median, quantiles

import greedy
import psutil
from visitors import Run, Server, Visitor, serving

ROOT = Path(__file__).resolve().parents[1]
PICTURES = 3
SESSIONS = (1, 8, 16, 32)
MEMORY_RERUNS = 200
AIM_FIRST, AIM_OVER_BARE, AIM_SIXTEEN, AIM_GROWTH = 2.5, 0.100, 3.0, 100
PACKAGES = ("streamlit", "torch", "numpy", "pillow", "plotly", "websockets")

BARE = """
import io
import numpy as np
import streamlit as st
from PIL import Image

st.set_page_config("Bare", layout="wide")
left, right = st.columns([1, 2.9])
with left:
    st.segmented_control("Epsilon", ["0", "1", "2", "3", "4"], default="0", key="eps")
    for i in range({others}):
        st.selectbox(f"Choice {{i}}", ["a", "b", "c"], key=f"choice{{i}}")
with right:
    st.markdown("A sentence.")
    for i, column in enumerate(st.columns(3)):
        buffer = io.BytesIO()
        noise = np.random.default_rng(i).integers(0, 256, (32, 32, 3), np.uint8)
        Image.fromarray(noise.repeat(8, 0).repeat(8, 1)).save(buffer, "PNG", compress_level=4)
        column.image(buffer.getvalue(), caption=f"Picture {{i}}", output_format="PNG")
"""


@dataclass
class Plan:
    """How much is measured."""

    starts: int = 3
    visits: int = 9
    chips: int = 30
    load: int = 6
    memory: int = MEMORY_RERUNS


QUICK = Plan(starts=1, visits=3, chips=10, load=2, memory=40)


@dataclass
class Tally:
    """Seconds of the runs that were right, and what was wrong with the others.

    ``cpu`` are processor seconds of the server: a busy machine affects them least.
    """

    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    async def time(self, server: Server, work: Awaitable[Run]) -> None:
        """Add a run that has the server for itself."""
        begun = _cpu(server)
        self.add(await work)
        self.cpu.append(_cpu(server) - begun)

    def add(self, run: Run) -> None:
        faults = run.faults(PICTURES)
        if faults:
            self.errors.append("; ".join(faults))
        else:
            self.seconds.append(run.seconds)

    def figures(self) -> dict:
        n = len(self.seconds)
        found = {"n": n, "errors": self.errors}
        if n:
            found["p50"] = median(self.seconds)
        if n > 1:
            found["p95"] = quantiles(self.seconds, n=20, method="inclusive")[-1]
        if self.cpu:
            found["cpu"] = fmean(self.cpu)
        return found


def megabytes(server: Server) -> float:
    """Resident memory of the server's process."""
    return psutil.Process(server.process.pid).memory_info().rss / 2**20


async def starts(app: Path, bare: Path, folder: Path, plan: Plan) -> dict:
    """Fresh servers: process start to health, then the first visitor of each."""
    health = {"page": Tally(), "bare": Tally()}
    cold = {"page": Tally(), "bare": Tally()}
    for _ in range(plan.starts):
        for name, script in (("page", app), ("bare", bare)):
            with serving(script, folder) as server:
                health[name].seconds.append(server.started_in)
                visitor = Visitor(server.address)
                await cold[name].time(server, visitor.visit())
                await visitor.leave()
    return {"start to health": _figures(health), "first visit, cold server": _figures(cold)}


async def visits(servers: dict[str, Server], plan: Plan) -> dict:
    """New visitors of warm servers."""
    tallies = {name: Tally() for name in servers}
    for _ in range(plan.visits):
        for name, server in servers.items():
            visitor = Visitor(server.address)
            await tallies[name].time(server, visitor.visit())
            await visitor.leave()
    return {"first visit, warm server": _figures(tallies)}


async def chips(servers: dict[str, Server], plan: Plan) -> dict:
    """One visitor moves eps: to values that were there before, and to new ones."""
    page, bare = (Visitor(servers[name].address) for name in ("page", "bare"))
    await page.visit(), await bare.visit()
    for i in (1, 2, 3, 4, 0):
        await page.rerun(eps=i)
    known, new = ({"page": Tally(), "bare": Tally()} for _ in range(2))
    for i in range(plan.chips):
        await known["page"].time(servers["page"], page.rerun(eps=(i + 1) % 5))
        await known["bare"].time(servers["bare"], bare.rerun(eps=(i + 1) % 5))
    await page.rerun(any_eps=True)
    for i, step in enumerate(random.Random(0).sample(range(40, 250), plan.chips)):
        await new["page"].time(servers["page"], page.rerun(eps255=step / 4))
        await new["bare"].time(servers["bare"], bare.rerun(eps=(i + 1) % 5))
    await page.leave(), await bare.leave()
    return {"eps, kept result": _figures(known), "eps, new result": _figures(new)}


FAST = ("Random noise", "FGSM", "BIM", "BIM (L2)", "PGD", "PGD (L2)", "DeepFool")
"""Titles of the attacks that answer at once; the others take seconds by design, and wait in line."""


def anything(visitor: Visitor, dice: random.Random) -> dict:
    """Random settings of the page: picture, attack (one of the quick ones), eps."""
    choice = dice.choice(("picture_cifar10", "attack", "eps255", "eps255"))
    if choice == "eps255":
        return {choice: dice.randrange(1, 256) / 4}
    if choice == "attack":
        return {choice: list(visitor.widgets[choice].options).index(dice.choice(FAST))}
    return {choice: dice.randrange(len(visitor.widgets[choice].options))}


def chip(visitor: Visitor, dice: random.Random) -> dict:
    """Random settings of the bare page."""
    return {"eps": dice.randrange(5)}


async def load(
    server: Server, sessions: int, reruns: int, change: Callable, first: dict | None = None
) -> dict:
    """Sessions that each ask again as soon as they are answered."""
    tally = Tally()

    async def one(seed: int) -> Awaitable[None]:
        visitor, dice = Visitor(server.address), random.Random(f"{sessions}-{seed}")
        await visitor.visit()
        if first:
            await visitor.rerun(**first)
        ready.release()
        await begin.wait()
        for _ in range(reruns):
            try:
                tally.add(await visitor.rerun(**change(visitor, dice)))
            except TimeoutError:
                tally.errors.append("no answer in time")
                break  # the late answer would be taken for the next one
        await visitor.leave()

    ready, begin = asyncio.Semaphore(0), asyncio.Event()
    tasks = [asyncio.create_task(one(seed)) for seed in range(sessions)]
    for _ in tasks:
        await ready.acquire()
    begun, cpu = time.perf_counter(), _cpu(server)
    begin.set()
    await asyncio.gather(*tasks)
    total = len(tally.seconds) + len(tally.errors)
    return {
        **tally.figures(),
        "runs_per_second": total / (time.perf_counter() - begun),
        "cpu": (_cpu(server) - cpu) / total,
    }


def _cpu(server: Server) -> float:
    times = psutil.Process(server.process.pid).cpu_times()
    return times.user + times.system


async def memory(server: Server, idle: float, plan: Plan) -> dict:
    """One session with random settings, after the first session has come and gone."""
    first = megabytes(server)
    await load(server, 1, plan.memory, anything, {"any_eps": True})
    after = megabytes(server)
    return {"idle": idle, "first_session": first, "reruns": plan.memory, "after_reruns": after}


def _figures(tallies: dict[str, Tally]) -> dict:
    return {name: tally.figures() for name, tally in tallies.items()}


async def measure(folder: Path, plan: Plan) -> dict:
    """All figures, in seconds and MB."""
    app, bare = ROOT / "app.py", folder / "bare.py"
    with serving(app, folder) as server:
        visitor = Visitor(server.address)
        idle = megabytes(server)
        await visitor.visit()
        widgets = len(visitor.widgets)
        await visitor.leave()
        held = await memory(server, idle, plan)
    bare.write_text(BARE.format(others=widgets - 1), encoding="utf-8")
    report = {"widgets": widgets, "memory_mb": held, "seconds": {}, "load": {}}
    report["seconds"] |= await starts(app, bare, folder, plan)
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(serving(script, folder))
            for name, script in (("page", app), ("bare", bare))
        }
        for server in servers.values():
            visitor = Visitor(server.address)
            await visitor.visit()
            await visitor.leave()
        report["seconds"] |= await visits(servers, plan)
        report["seconds"] |= await chips(servers, plan)
        for n in SESSIONS:
            print(f"{n} sessions", file=sys.stderr)
            report["load"][str(n)] = {
                "page": await load(servers["page"], n, plan.load, anything, {"any_eps": True}),
                "bare": await load(servers["bare"], n, plan.load, chip),
            }
        held["after_load"] = megabytes(servers["page"])
    return report


def machine() -> dict:
    """Where and with what this was measured."""
    return {
        "processor": _processor(),
        "cores": len(psutil.Process().cpu_affinity()) if hasattr(os, "sched_getaffinity") else None,
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in PACKAGES},
        "load_before": round(os.getloadavg()[0], 2),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if "model name" in line)
    except (OSError, StopIteration):
        return platform.processor() or "unknown"


def table(report: dict) -> str:
    """The report for people."""
    rows = [f"{'seconds':30}" + f"{'p50':>10}{'p95':>8}{'CPU':>8}" * 2 + f"{'errors':>8}  aim"]
    rows.insert(0, " " * 30 + f"{'page':>10}{'bare page':>26}")

    def row(name: str, both: dict, aim: str = "") -> None:
        cells = [f"{name:30}"]
        for who in ("page", "bare"):
            for figure, space in (("p50", 10), ("p95", 8), ("cpu", 8)):
                value = both[who].get(figure)
                cells.append(f"{value:{space}.3f}" if value is not None else " " * space)
        errors = sum(len(both[who]["errors"]) for who in ("page", "bare"))
        rows.append("".join(cells) + f"{errors:8}  {aim}")

    def met(value: float | None, aim: float) -> str:
        return "met" if value is not None and value < aim else "MISSED"

    for name, both in report["seconds"].items():
        page, aim = both["page"]["p50"], ""
        if name == "first visit, warm server":
            aim = f"p50 < {AIM_FIRST:g} s: {met(page, AIM_FIRST)}"
        if name.startswith("eps"):
            limit = both["bare"]["p50"] + AIM_OVER_BARE
            aim = f"p50 < bare + {AIM_OVER_BARE:g} s: {met(page, limit)}"
        row(name, both, aim)
    for n, both in report["load"].items():
        p95 = both["page"].get("p95")
        aim = f"p95 < {AIM_SIXTEEN:g} s: {met(p95, AIM_SIXTEEN)}" if n == "16" else ""
        row(f"{n} sessions, any setting", both, aim)
    held = report["memory_mb"]
    growth = held["after_reruns"] - held["first_session"]
    rows += [
        f"memory, MB: idle {held['idle']:.0f}, first session {held['first_session']:.0f}, after "
        f"{held['reruns']} reruns {held['after_reruns']:.0f}, "
        f"after the sessions above {held['after_load']:.0f}",
        f"growth {growth:+.0f} MB, aim < {AIM_GROWTH}: {met(growth, AIM_GROWTH)}",
    ]
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a short run: figures are rough")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE")
    parser.add_argument("--greedy", action="store_true", help="a visitor beside endless attacks")
    options = parser.parse_args()
    where = machine()
    with tempfile.TemporaryDirectory() as folder:
        if options.greedy:
            rounds = 5 if options.quick else greedy.ROUNDS
            report = asyncio.run(greedy.measure(ROOT / "app.py", Path(folder), rounds))
            print(greedy.table(report))
        else:
            report = asyncio.run(measure(Path(folder), QUICK if options.quick else Plan()))
            print(table(report))
    report = {"machine": where, "quick": options.quick, **report}
    if options.json:
        options.json.write_text(
            json.dumps(report, indent=2, allow_nan=False) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
