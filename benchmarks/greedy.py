"""A polite visitor beside tabs that each ask for one endless attack after the other.

The polite one moves eps under FGSM, each time to a value that nobody has asked for. The others run
Carlini-Wagner with as many steps as the page allows.
"""

import asyncio
import random
import sys
from collections.abc import Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from statistics import median

import visitors
from replicas import COOKIE, behind_proxy
from tallies import cpu_seconds
from visitors import Server, Visitor, serving

TABS = (2, 70)
ROUNDS = 30
MANY_ROUNDS = 10
"""Answers beside the many tabs, each of which may take seconds."""
SLICE = 0.25
"""Seconds that a turn may last at most."""
TIMES_ALONE, AIM_MANY = 3, 10.0
"""The aims: beside two tabs this many times the time alone and one slice; beside many, seconds."""
ENDLESS = "Carlini-Wagner (L2)"


Newcomer = Callable[[], Visitor]
"""Makes a visitor who has not come yet."""


async def polite(newcomer: Newcomer, seed: int, rounds: int, server: Server) -> dict:
    """Seconds until the answer, of a visitor who waits for each.

    ``cpu``: processor seconds of ``server`` meanwhile, for this visitor and all others: those do not depend
    on what else the machine does.
    """
    visitor, found, cpu, errors = newcomer(), [], [], []
    await visitor.visit()
    await visitor.rerun(any_eps=True)
    for step in random.Random(seed).sample(range(40, 1000), rounds):
        begun = cpu_seconds(server)
        run = await visitor.rerun(eps255=step / 4)
        faults = run.faults(3)
        errors += faults
        if not faults:
            found.append(run.seconds)
            cpu.append(cpu_seconds(server) - begun)
    await visitor.leave()
    return {
        "n": len(found),
        "errors": errors,
        "p50": median(found) if found else None,
        "worst": max(found, default=None),
        "cpu": median(cpu) if cpu else None,
        "cpu_worst": max(cpu, default=None),
    }


@asynccontextmanager
async def greedy(newcomer: Newcomer, tabs: int):
    """That many tabs are busy, and stay so."""

    async def one(number: int) -> None:
        visitor = newcomer()
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

        def newcomer() -> Visitor:
            return Visitor(server.address)

        await polite(newcomer, 0, 2, server)  # imports and weights
        report = {"alone": await polite(newcomer, 1, rounds, server)}
        for tabs in TABS:
            print(f"{tabs} greedy tabs", file=sys.stderr)
            async with greedy(newcomer, tabs):
                report[str(tabs)] = await polite(newcomer, 2 + tabs, rounds, server)
    return report


async def measure_replicas(
    folder: Path, rounds: int = ROUNDS, tabs: tuple[int, ...] = TABS
) -> dict:
    """The same at each replica behind the proxy; and at the other one, beside the first of ``tabs``.

    The many ones are all at the first replica.
    """
    visitors.PATIENCE = 3600.0
    report = {}
    with behind_proxy(folder) as (address, replicas):
        at = [partial(Visitor, address, cookies={COOKIE: each.number}) for each in replicas]
        servers = [replica.server for replica in replicas]
        for newcomer, server in zip(at, servers, strict=True):
            await polite(newcomer, 0, 2, server)
        for here in (1, 0):  # the many last: what they leave behind takes its replica a minute
            there = 1 - here
            name = f"replica {replicas[here].number}"
            found = {"alone": await polite(at[here], 1, rounds, servers[here])}
            for busy in tabs if here == 0 else [n for n in tabs if n < TABS[1]]:
                print(f"{name}, {busy} greedy tabs", file=sys.stderr)
                turns = rounds if busy < TABS[1] else min(rounds, MANY_ROUNDS)
                async with greedy(at[here], busy):
                    found[str(busy)] = await polite(at[here], 2 + busy, turns, servers[here])
                    if busy == tabs[0]:
                        elsewhere = await polite(at[there], 3, turns, servers[there])
                        found["at the other replica"] = elsewhere
            report = {name: found} | report
    return report


def tables(reports: dict) -> str:
    """The report of replicas for people."""
    return "\n\n".join(f"{name}\n{table(report)}" for name, report in reports.items())


def table(report: dict) -> str:
    """The report for people."""
    alone = report["alone"]["p50"]
    few = TIMES_ALONE * alone + SLICE
    rows = [
        f"{'FGSM, new result, seconds':30}{'p50':>8}{'worst':>8}{'CPU':>8}{'worst':>8}{'errors':>8}  aim"
    ]
    for name, found in report.items():
        told = f"beside {name} greedy tabs" if name.isdigit() else name
        most = (few if int(name) < TABS[1] else AIM_MANY) if name.isdigit() else None
        aim = f"p50 < {most:.2f} s" if most else ""
        if most:
            aim += ": met" if found["p50"] is not None and found["p50"] < most else ": MISSED"
        rows.append(
            f"{told:30}{found['p50']:8.3f}{found['worst']:8.3f}{found['cpu']:8.3f}"
            f"{found['cpu_worst']:8.3f}{len(found['errors']):8}  {aim}"
        )
    return "\n".join(rows)
