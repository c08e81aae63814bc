"""The background: it computes while no picture waits, and takes neither a turn nor a place from one."""

import threading

import pytest

from robust_core.engine import Busy
from robust_core.engine.line import EACH, SLICE
from tests.engine.conftest import LONG, until


def test_it_gives_way_at_its_next_step_and_then_goes_on(new_engine, steps, clock, result):
    engine, strip = new_engine(), steps()
    ticket = engine.submit("strip", strip, session="a", background=True)
    strip.advance(5)
    picture = engine.submit("picture", lambda _: "picture", session="b")
    strip.allow()  # no time has passed since its turn began: it has no slice
    assert result(picture) == "picture"
    strip.finish()
    assert result(ticket) == "value"
    assert (strip.runs, strip.steps) == (1, 100)


def test_of_two_turns_it_leaves_one_free(new_engine, steps, result):
    engine = new_engine(workers=2)
    strips = [steps(), steps()]
    for number, work in enumerate(strips):
        engine.submit(f"strip {number}", work, session=f"{number}", background=True)
    assert strips[0].began.wait(LONG)
    assert engine.stats().running == 1
    assert result(engine.submit("picture", lambda _: "picture", session="c")) == "picture"
    assert not strips[1].began.is_set()


def test_whatever_waits_in_the_foreground_goes_first(new_engine, steps, result):
    engine, first, order = new_engine(), steps(), []
    engine.submit("first", first, session="first")
    first.advance()
    late = [
        engine.submit(name, lambda _, name=name: order.append(name), session=name, background=back)
        for name, back in (("strip", True), ("a", False), ("b", False))
    ]
    assert [ticket.place for ticket in late] == [3, 1, 2]
    first.finish()
    for ticket in late:
        result(ticket)
    assert order == ["a", "b", "strip"]


def test_what_is_asked_for_in_the_foreground_too_is_in_the_background_no_longer(new_engine, steps):
    engine, first, shared = new_engine(), steps(), steps("shared")
    engine.submit("first", first, session="first")
    first.advance()
    engine.submit("shared", shared, session="a", channel="strip", background=True)
    other = engine.submit("other", steps(), session="b")
    assert other.place == 1
    page = engine.submit("shared", shared, session="a", channel="page")
    assert (page.place, other.place) == (1, 2)
    page.leave()
    assert other.place == 1


def test_nobody_s_next_picture_pays_for_it(new_engine, steps, clock):
    engine, strip = new_engine(), steps()
    engine.submit("strip", strip, session="a", background=True)
    for _ in range(5):
        clock.now += SLICE
        strip.advance()
    first, hold = steps(), threading.Event()
    engine.submit("first", first, session="c")
    strip.allow()
    assert first.began.wait(LONG)
    mine = engine.submit("mine", lambda _: hold.wait(LONG), session="a")
    theirs = engine.submit("theirs", lambda _: hold.wait(LONG), session="b")
    assert (mine.place, theirs.place) == (1, 2)
    hold.set()


def test_visitors_share_it_equally_among_themselves(new_engine, steps, clock):
    engine, long, short = new_engine(), steps(), steps()
    engine.submit("long", long, session="a", background=True)
    long.advance()
    engine.submit("short", short, session="b", background=True)
    clock.now += SLICE
    long.allow()
    assert short.began.wait(LONG)
    until(lambda: engine.stats().paused == 1)


def test_it_fills_neither_the_queue_nor_a_session_s_part_of_it(new_engine, steps):
    engine = new_engine(queue_limit=2)
    engine.submit("first", steps(), session="first")
    for number in range(2):
        engine.submit(f"strip {number}", steps(), session=f"{number}", background=True)
    with pytest.raises(Busy, match="2 experiments wait"):
        engine.submit("strip 2", steps(), session="2", background=True)
    engine.submit("picture", steps(), session="0")
    engine = new_engine()
    for number in range(EACH):
        engine.submit(f"{number}", steps(), session="s", channel=f"{number}", background=True)
    engine.submit("picture", steps(), session="s")
