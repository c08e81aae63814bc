"""The computations of the strip: in which order, how long a run waits, and what a visitor leaves behind."""

import re
import time
from types import SimpleNamespace

import pytest

from robust_core import defenses
from robust_core.dashboard import compared_defense, lab
from robust_core.dashboard.attack.filling import Filling
from robust_core.dashboard.compared_defense import ComparedDefense
from robust_core.engine import Engine
from robust_core.experiment.defended import Attacker

LONG = 10.0


@pytest.fixture
def engine(monkeypatch):
    """One of its own, in which nothing goes on without somebody who waits."""
    own = Engine(1)
    monkeypatch.setattr(lab, "engine", lambda: own)
    yield own
    own.close()


def filling(request, *names: str) -> Filling:
    rows = [ComparedDefense.of(defenses.get(name), {}, request) for name in names]
    return Filling(SimpleNamespace(), rows, {})


@pytest.fixture
def endless(monkeypatch):
    """Each attack goes on until it is stopped, and counts how often it was begun."""
    begun = []

    def trial(*_, progress, **__):
        begun.append(True)
        for step in range(100_000):
            progress(step, 100_000)
            time.sleep(0.001)

    monkeypatch.setattr(compared_defense, "trial", trial)
    return begun


def test_the_unaware_attackers_come_first_and_what_is_known_is_not_asked_again(
    make_request, engine
):
    asked = make_request("fgsm", eps=0.11)
    strip = filling(asked, "bit-depth", "median")
    first, second = strip.rows
    bare = ComparedDefense(defenses.Defense, asked, None)
    order = [first.key, second.key] * 2
    assert [part.key for part in strip.missing()] == [*order, bare.key]
    engine.submit(first.key, first.look).result()
    unaware = first.trial_key(Attacker.UNAWARE)
    keys = [part.key for part in strip.missing()]
    assert keys == [unaware, second.key, first.trial_key(Attacker.AWARE), second.key, bare.key]
    strip.known[unaware] = None
    assert [part.key for part in strip.missing()] == keys[1:]
    lab.give_up(second.key)
    assert [part.key for part in strip.missing()] == [keys[2], bare.key]


def test_a_run_waits_a_moment_and_tells_how_far_it_is(make_request, engine, endless):
    strip = filling(make_request("pgd", steps=9), "jpeg")
    begun = time.monotonic()
    part = strip.go_on("strip", 0.2)
    assert time.monotonic() - begun < LONG
    assert part.attacker is Attacker.UNAWARE
    assert re.fullmatch(r"step [\d,]+ of 100,000", part.done)


def test_the_next_run_finds_it_under_way(make_request, engine, endless):
    engine.grace = LONG
    strip = filling(make_request("pgd", steps=8), "jpeg")
    strip.go_on("strip", 0.2)
    strip.go_on("strip", 0.1)
    assert len(endless) == 1


def test_who_leaves_takes_the_work_along(make_request, engine, endless):
    strip = filling(make_request("pgd", steps=7), "jpeg")
    assert strip.go_on("strip", 0.2) is not None
    end = time.monotonic() + LONG
    while engine.stats().running:
        assert time.monotonic() < end
        time.sleep(0.01)
    assert engine.stats().abandoned == 1
