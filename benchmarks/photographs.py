"""A photograph at 128 x 128 pixels: new results by eps, and many visitors at once."""

import random
import sys

from sessions import any_eps, anything, chip, load
from tallies import figures, pair
from visitors import Server, Visitor

MODEL = "ResNet-18 — photographs"
"""How the title of the bundled network for photographs begins; its first sample is a photograph."""
SESSIONS = 16
ATTACKS = {"FGSM": "FGSM", "PGD": "PGD-20"}
"""Titles of the attacks, and what they are called here: PGD takes 20 steps where nobody asks for others."""


def first(visitor: Visitor) -> dict:
    """The network for photographs, and eps of any value."""
    return {"model": visitor.place("model", MODEL), **any_eps(visitor)}


async def chips(servers: dict[str, Server], rounds: int) -> dict:
    """One visitor moves eps to values that nobody has asked for, under each attack."""
    page, bare = (Visitor(servers[name].address) for name in ("page", "bare"))
    await page.visit(), await bare.visit()
    await page.rerun(**first(page))
    found = {}
    for title, name in ATTACKS.items():
        await page.rerun(attack=page.place("attack", title))
        tallies = pair()
        for i, step in enumerate(random.Random(title).sample(range(40, 250), rounds)):
            await tallies["page"].time(servers["page"], page.rerun(eps255=step / 4))
            await tallies["bare"].time(servers["bare"], bare.rerun(eps=(i + 1) % 5))
        found[f"eps at 128 px, {name}, new result"] = figures(tallies)
    await page.leave(), await bare.leave()
    return found


async def crowd(servers: dict[str, Server], reruns: int) -> dict:
    """Visitors who ask for a random picture, quick attack or eps of that network."""
    print(f"{SESSIONS} sessions at 128 px", file=sys.stderr)
    return {
        str(SESSIONS): {
            "page": await load(servers["page"], SESSIONS, reruns, anything, first),
            "bare": await load(servers["bare"], SESSIONS, reruns, chip),
        }
    }
