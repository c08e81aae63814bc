"""Time the dashboard beside a bare Streamlit page, as websocket visitors see both.

    python benchmarks/dashboard.py
    python benchmarks/dashboard.py --quick
    python benchmarks/dashboard.py --only cold photographs
    python benchmarks/dashboard.py --greedy
    python benchmarks/dashboard.py --greedy --replicas
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
from collections.abc import Collection
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import aims
import cold
import greedy
import photographs
import psutil
from sessions import any_eps, anything, chip, load, memory
from tallies import figures, megabytes, pair
from visitors import Server, Visitor, serving

ROOT = Path(__file__).resolve().parents[1]
SESSIONS = (1, 8, 16, 32)
PARTS = ("memory", "cold", "one", "photographs", "many")
PACKAGES = ("streamlit", "torch", "numpy", "pillow", "plotly", "websockets")

BARE = """
import base64
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
        source = base64.b64encode(buffer.getvalue()).decode()
        column.image(f"data:image/png;base64,{{source}}", caption=f"Picture {{i}}")
"""


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    starts: int = 5
    """Of a server, each with its first visitor."""
    visits: int = 9
    chips: int = 30
    load: int = 6
    memory: int = 200


QUICK = Plan(starts=1, visits=3, chips=10, load=2, memory=40)


async def visits(servers: dict[str, Server], plan: Plan) -> dict:
    """New visitors of warm servers."""
    tallies = pair()
    for _ in range(plan.visits):
        for name, server in servers.items():
            visitor = Visitor(server.address)
            await tallies[name].time(server, visitor.visit())
            await visitor.leave()
    return {"first visit, warm server": figures(tallies)}


async def chips(servers: dict[str, Server], plan: Plan) -> dict:
    """One visitor moves eps: to values that were there before, and to new ones."""
    page, bare = (Visitor(servers[name].address) for name in ("page", "bare"))
    await page.visit(), await bare.visit()
    for i in (1, 2, 3, 4, 0):
        await page.rerun(eps=i)
    known, new = pair(), pair()
    for i in range(plan.chips):
        await known["page"].time(servers["page"], page.rerun(eps=(i + 1) % 5))
        await known["bare"].time(servers["bare"], bare.rerun(eps=(i + 1) % 5))
    await page.rerun(any_eps=True)
    for i, step in enumerate(random.Random(0).sample(range(40, 250), plan.chips)):
        await new["page"].time(servers["page"], page.rerun(eps255=step / 4))
        await new["bare"].time(servers["bare"], bare.rerun(eps=(i + 1) % 5))
    await page.leave(), await bare.leave()
    return {"eps, kept result": figures(known), "eps, new result": figures(new)}


async def crowds(servers: dict[str, Server], plan: Plan) -> dict:
    """Sessions that choose anything, by their number."""
    found = {}
    for n in SESSIONS:
        print(f"{n} sessions", file=sys.stderr)
        found[str(n)] = {
            "page": await load(servers["page"], n, plan.load, anything, any_eps),
            "bare": await load(servers["bare"], n, plan.load, chip),
        }
    return found


async def measure(folder: Path, plan: Plan, parts: Collection[str] = PARTS) -> dict:
    """The figures of these parts, in seconds and MB."""
    app, bare = ROOT / "app.py", folder / "bare.py"
    with serving(app, folder) as server:
        visitor = Visitor(server.address)
        idle = megabytes(server)
        await visitor.visit()
        widgets = len(visitor.widgets)
        await visitor.leave()
        report = {"widgets": widgets, "seconds": {}}
        if "memory" in parts:
            report["memory_mb"] = await memory(server, idle, plan.memory)
    bare.write_text(BARE.format(others=widgets - 1), encoding="utf-8")
    if "cold" in parts:
        report |= await cold.measure(app, bare, folder, plan.starts)
    with ExitStack() as stack:
        servers = {
            name: stack.enter_context(serving(script, folder))
            for name, script in (("page", app), ("bare", bare))
        }
        for server in servers.values():
            visitor = Visitor(server.address)
            await visitor.visit()
            await visitor.leave()
        if "one" in parts:
            report["seconds"] |= await visits(servers, plan)
            report["seconds"] |= await chips(servers, plan)
        if "photographs" in parts:
            report["seconds"] |= await photographs.chips(servers, plan.chips)
        if "many" in parts:
            report["load"] = await crowds(servers, plan)
        if "photographs" in parts:
            report["load_128"] = await photographs.crowd(servers, plan.load)
        if "memory" in parts:
            report["memory_mb"]["after_load"] = megabytes(servers["page"])
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a short run: figures are rough")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="these parts")
    parser.add_argument("--greedy", action="store_true", help="a visitor beside endless attacks")
    parser.add_argument("--replicas", action="store_true", help="at two, behind a proxy (nginx)")
    parser.add_argument(
        "--tabs",
        type=int,
        nargs="+",
        default=greedy.TABS,
        metavar="N",
        help="with --greedy --replicas: as many greedy ones",
    )
    options = parser.parse_args()
    where = machine()
    with tempfile.TemporaryDirectory() as folder:
        if options.greedy:
            rounds = 5 if options.quick else greedy.ROUNDS
            if options.replicas:
                report = asyncio.run(
                    greedy.measure_replicas(Path(folder), rounds, tuple(options.tabs))
                )
                print(greedy.tables(report))
            else:
                report = asyncio.run(greedy.measure(ROOT / "app.py", Path(folder), rounds))
                print(greedy.table(report))
        else:
            plan = QUICK if options.quick else Plan()
            report = asyncio.run(measure(Path(folder), plan, options.only))
            print(aims.table(report))
    report = {"machine": where, "quick": options.quick, **report}
    if options.json:
        options.json.write_text(
            json.dumps(report, indent=2, allow_nan=False) + "\n", encoding="utf-8"
        )


if __name__ == "__main__":
    main()
