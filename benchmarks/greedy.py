"""A polite visitor beside tabs that each ask for one endless attack after the other.

The polite one moves eps under FGSM, each time to a value that nobody has asked for. The others run
Carlini-Wagner with as many steps as the page allows.
"""

import asyncio
import random
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

import visitors
from visitors import Server, Visitor, serving

TABS = (2, 70)
ROUNDS = 30
SLICE = 0.25
"""Seconds that a turn may last at most."""
TIMES_ALONE, AIM_MANY = 3, 10.0
"""The aims: beside two tabs this many times the time alone and one slice; beside many, seconds."""
ENDLESS = "Carlini-Wagner (L2)"


async def polite(server: Server, seed: int, rounds: int) -> dict:
    """Seconds until the answer, of a visitor who waits for each."""
    visitor, found, errors = Visitor(server.address), [], []
    await visitor.visit()
    await visitor.rerun(any_eps=True)
    for step in random.Random(seed).sample(range(40, 1000), rounds):
        run = await visitor.rerun(eps255=step / 4)
        faults = run.faults(3)
        errors += faults
        if not faults:
            found.append(run.seconds)
    await visitor.leave()
    return {
        "n": len(found),
        "errors": errors,
        "p50": median(found) if found else None,
        "worst": max(found, default=None),
    }


@asynccontextmanager
async def greedy(server: Server, tabs: int):
    """That many tabs are busy, and stay so."""

    async def one(number: int) -> None:
        visitor = Visitor(server.address)
        await visitor.visit()
        titles = list(visitor.widgets["attack"].options)
        await visitor.rerun(attack=titles.index(ENDLESS))  # with its defaults, and shared by all
        ready.release()
        for turn in range(10_000):
            most = {
                f"cw-l2__{name}": visitor.widgets[f"cw-l2.{name}"].max
                for name in ("steps", "search_steps")
            }
            await visitor.rerun(**most, **{"cw-l2__confidence": (number + turn) % 40})

    ready = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(one(number)) for number in range(tabs)]
    for _ in tasks:
        await ready.acquire()
    await asyncio.sleep(5.0)
    try:
        yield
        for task in tasks:
            if task.done():
                task.result()  # a tab that has failed was not greedy
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def measure(app: Path, folder: Path, rounds: int = ROUNDS) -> dict:
    """Figures of the polite visitor alone and beside each number of tabs."""
    visitors.PATIENCE = 3600.0
    with serving(app, folder) as server:
        await polite(server, 0, 2)  # imports and weights
        report = {"alone": await polite(server, 1, rounds)}
        for tabs in TABS:
            print(f"{tabs} greedy tabs", file=sys.stderr)
            async with greedy(server, tabs):
                report[str(tabs)] = await polite(server, 2 + tabs, rounds)
    return report


def table(report: dict) -> str:
    """The report for people."""
    alone = report["alone"]["p50"]
    aims = {TABS[0]: TIMES_ALONE * alone + SLICE, TABS[1]: AIM_MANY}
    rows = [f"{'FGSM, new result, seconds':30}{'p50':>8}{'worst':>8}{'errors':>8}  aim"]
    for name, found in report.items():
        told = "alone" if name == "alone" else f"beside {name} greedy tabs"
        aim = "" if name == "alone" else f"p50 < {aims[int(name)]:.2f} s"
        if aim:
            aim += ": met" if found["p50"] < aims[int(name)] else ": MISSED"
        rows.append(
            f"{told:30}{found['p50']:8.3f}{found['worst']:8.3f}{len(found['errors']):8}  {aim}"
        )
    return "\n".join(rows)
