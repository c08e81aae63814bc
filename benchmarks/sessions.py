"""Many visitors at once, each asking again as soon as the last answer is there."""

import asyncio
import random
import time
from collections.abc import Callable

from tallies import Tally, cpu_seconds, megabytes
from visitors import Server, Visitor

FAST = ("Random noise", "FGSM", "BIM", "BIM (L2)", "PGD", "PGD (L2)", "DeepFool")
"""Titles of the attacks that answer at once; the others take seconds by design, and wait in line."""

Change = Callable[[Visitor, random.Random], dict]
"""What a visitor chooses next."""


def anything(visitor: Visitor, dice: random.Random) -> dict:
    """Random settings of the page: picture, attack (one of the quick ones), eps."""
    picture = next(key for key in visitor.widgets if key.startswith("picture_"))
    choice = dice.choice((picture, "attack", "eps255", "eps255"))
    if choice == "eps255":
        return {choice: dice.randrange(1, 256) / 4}
    if choice == "attack":
        return {choice: visitor.place(choice, dice.choice(FAST))}
    return {choice: dice.randrange(len(visitor.widgets[choice].options))}


def any_eps(visitor: Visitor) -> dict:
    """What a visitor chooses first, so that eps can have any value."""
    return {"any_eps": True}


def chip(visitor: Visitor, dice: random.Random) -> dict:
    """Random settings of the bare page."""
    return {"eps": dice.randrange(5)}


async def load(
    server: Server,
    sessions: int,
    reruns: int,
    change: Change,
    first: Callable[[Visitor], dict] | None = None,
) -> dict:
    """Figures of sessions that each ask ``reruns`` times, once all of them have done ``first``."""
    tally = Tally()

    async def one(seed: int) -> None:
        visitor, dice = Visitor(server.address), random.Random(f"{sessions}-{seed}")
        await visitor.visit()
        if first:
            await visitor.rerun(**first(visitor))
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
    begun, cpu = time.perf_counter(), cpu_seconds(server)
    begin.set()
    await asyncio.gather(*tasks)
    total = len(tally.seconds) + len(tally.errors)
    return {
        **tally.figures(),
        "runs_per_second": total / (time.perf_counter() - begun),
        "cpu": (cpu_seconds(server) - cpu) / total,
    }


async def memory(server: Server, idle: float, reruns: int) -> dict:
    """MB: one session with random settings, after the first session has come and gone."""
    first = megabytes(server)
    await load(server, 1, reruns, anything, any_eps)
    return {
        "idle": idle,
        "first_session": first,
        "reruns": reruns,
        "after_reruns": megabytes(server),
    }
