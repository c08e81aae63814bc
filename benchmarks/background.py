"""How long a picture waits while the strip of defences of the page Attack is filled.

    python benchmarks/background.py

FGSM on CIFAR-10 at an eps that nobody has asked for, from the request until the result, in turns alone and
beside a strip that computes in the background. The strip is another visitor's, or one's own: then it is
given up first, as the page does when eps is changed. See benchmarks/README.md.
"""

import argparse
import itertools
import sys
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from robust_core import attacks, defenses, zoo  # noqa: E402
from robust_core.dashboard.compared_defense import ComparedDefense  # noqa: E402
from robust_core.dashboard.request import Chosen, Request  # noqa: E402
from robust_core.data import samples  # noqa: E402
from robust_core.engine import Engine, Ticket  # noqa: E402
from robust_core.engine.line import SLICE  # noqa: E402
from robust_core.experiment.defended import Attacker  # noqa: E402

MODEL, DEFENSE, STEPS = "cifar10-resnet32", "smoothing", 1000
NEW = itertools.count(1)


def request(attack: str, **parameters) -> Request:
    """One that nobody has asked for."""
    picture = Chosen(samples.load("chelsea").picture, "sample:chelsea")
    attack_ = attacks.create(attack, eps=next(NEW) / 10_000, **parameters)
    return Request(picture, "crop", zoo.describe(MODEL), attack_)


def strip(engine: Engine, session: str) -> Ticket:
    """A cell of a strip under way: an aware attack on smoothing, which takes minutes."""
    row = ComparedDefense(
        defenses.get(DEFENSE), request("pgd", steps=STEPS), defenses.create(DEFENSE)
    )
    work = lambda progress: row.try_out(Attacker.AWARE, LOOK, None, progress)  # noqa: E731
    ticket = engine.submit(
        row.trial_key(Attacker.AWARE), work, session=session, channel="strip", background=True
    )
    while not ticket.step and not ticket.done:
        time.sleep(0.001)
    return ticket


def picture(engine: Engine, *, gives_up: bool = False) -> float:
    """Seconds until a visitor has a new result."""
    asked = request("fgsm")
    key = asked.key()
    begun = time.perf_counter()
    if gives_up:
        engine.withdraw("me", "strip")
    engine.submit(key, asked.work, session="me", channel="attack").result()
    return time.perf_counter() - begun


def measured(engine: Engine, rounds: int) -> dict[str, list[float]]:
    """Seconds by circumstance, in turns."""
    found: dict[str, list[float]] = {"alone": [], "another's strip": [], "one's own strip": []}
    for _ in range(rounds):
        for name, seconds in found.items():
            whose = {"another's strip": "other", "one's own strip": "me"}.get(name)
            ticket = strip(engine, whose) if whose else None
            seconds.append(picture(engine, gives_up=whose == "me"))
            if ticket is not None:
                ticket.leave()
            while engine.stats().running:
                time.sleep(0.001)
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=30)
    rounds = parser.parse_args().rounds
    first = ComparedDefense(defenses.get(DEFENSE), request("fgsm"), defenses.create(DEFENSE))
    LOOK = Engine(1).submit(first.key, first.look).result()
    for workers in (1, 2):
        engine = Engine(workers)
        picture(engine)
        results = measured(engine, rounds)
        alone = median(results["alone"])
        print(f"{workers} computation{'s' * (workers > 1)} at a time, {rounds} rounds, ms:")
        for name, seconds in results.items():
            more = 1000 * (median(seconds) - alone)
            print(
                f"  {name:16} median {1000 * median(seconds):6.1f}  best {1000 * min(seconds):6.1f}  "
                f"worst {1000 * max(seconds):6.1f}; beyond alone {more:+.1f} (aim: {1000 * SLICE:g})"
            )
        engine.close()
