"""Turns: fair by visitor, given up inside the step report, within the memory for what stands still."""

import threading

import pytest
import torch

from robust_core.engine import Abandoned, Busy, OutOfTime
from robust_core.engine.line import EACH, ERRANDS, SLICE
from tests.engine.conftest import LONG, until


def test_a_newcomer_has_its_turn_within_a_slice_and_the_greedy_one_keeps_its_steps(
    new_engine, steps, clock, result
):
    engine, greedy = new_engine(), steps()
    running = engine.submit("greedy", greedy, session="greedy")
    greedy.advance(5)
    polite = engine.submit("polite", lambda _: "polite", session="polite")
    clock.now += SLICE / 2
    greedy.advance()
    assert (polite.done, polite.place) == (False, 1)
    clock.now += SLICE
    greedy.allow()
    assert result(polite) == "polite"
    greedy.finish()
    assert result(running) == "value"
    assert (greedy.runs, greedy.steps) == (1, 100)


def test_nobody_stands_still_while_nobody_waits(new_engine, steps, clock):
    engine, work = new_engine(), steps()
    engine.submit("key", work)
    for _ in range(3):
        clock.now += 10 * SLICE
        work.advance()
    assert engine.stats().paused == 0


def turns(engine, clock, visitors, rounds: int) -> list[str]:
    """Which visitor computes at each slice, when each of these asks for one endless computation."""
    order, stop = [], threading.Event()

    def endless(name):
        def work(progress):
            for step in range(100_000):
                if stop.is_set():
                    return
                order.append(name)
                if len(order) >= rounds:
                    stop.set()
                clock.now += SLICE
                progress(step)

        return work

    go = threading.Event()
    engine.submit("first", lambda _: go.wait(LONG))
    tickets = [
        engine.submit(f"{index}", endless(name), address=address, session=name)
        for index, (address, name) in enumerate(visitors)
    ]
    go.set()
    for ticket in tickets:
        assert ticket.wait(LONG)
    return order


def test_sessions_share_equally_however_much_each_asks_for(new_engine, clock):
    order = turns(new_engine(), clock, [(None, "greedy")] * 5 + [(None, "polite")], 40)
    assert abs(order.count("polite") - 20) <= 2


def test_addresses_share_equally_and_sessions_share_the_part_of_theirs(new_engine, clock):
    tabs = [("1.1.1.1", f"tab {number}") for number in range(3)]
    order = turns(new_engine(), clock, [*tabs, ("2.2.2.2", "polite")], 60)
    assert abs(order.count("polite") - 30) <= 2
    assert all(abs(order.count(name) - 10) <= 2 for _, name in tabs)


def test_a_shared_computation_goes_with_the_one_who_has_had_least(new_engine, steps, clock, result):
    engine, first, shared, own = new_engine(), steps(), steps("shared"), steps("own")
    engine.submit("first", first, session="greedy")
    first.advance()
    engine.submit("shared", shared, session="greedy")
    clock.now += SLICE / 2
    ticket = engine.submit("shared", shared, session="polite")
    engine.submit("own", own, session="third")
    assert ticket.place == 1


@pytest.mark.parametrize(("kept", "waits"), [(100, True), (1000, False)])
def test_what_stands_still_stays_within_its_memory(new_engine, clock, result, kept, waits):
    engine = new_engine(paused_bytes=4 * 500)
    go, ended = threading.Event(), []

    def greedy(progress):
        picture = torch.zeros(kept)
        go.wait(LONG)
        clock.now += 2 * SLICE
        progress(1)
        ended.append("greedy")
        return len(picture)

    first = engine.submit("greedy", greedy, session="greedy")
    second = engine.submit("polite", lambda _: ended.append("polite"), session="polite")
    go.set()
    result(first), result(second)
    assert ended == (["polite", "greedy"] if waits else ["greedy", "polite"])


def paused(engine, steps, clock):
    """A computation that stands still, its ticket, and the one that has its turn."""
    first, second = steps("first"), steps("second")
    ticket = engine.submit("first", first, session="a")
    first.advance()
    engine.submit("second", second, session="b")
    clock.now += SLICE
    first.allow()
    assert second.began.wait(LONG)
    until(lambda: engine.stats().paused == 1)
    return first, ticket, second


def test_what_stands_still_has_begun_and_ends_when_it_is_left(new_engine, steps, clock):
    engine = new_engine()
    first, ticket, second = paused(engine, steps, clock)
    assert (ticket.place, ticket.step) == (0, 2)
    ticket.leave()
    assert first.ended.wait(LONG), "it need not wait for a turn to end"
    assert engine.stats().paused == 0
    assert not second.ended.is_set()


def test_what_stands_still_ends_when_the_engine_closes(new_engine, steps, clock):
    engine = new_engine()
    first, ticket, _ = paused(engine, steps, clock)
    engine.close()
    assert first.ended.wait(LONG)
    with pytest.raises(Abandoned):
        ticket.result()


def test_only_the_seconds_that_it_computes_count_against_the_budget(
    new_engine, steps, clock, result
):
    engine = new_engine(budget=10.0)
    first, ticket, second = paused(engine, steps, clock)
    clock.now += 5.0
    second.finish()
    first.went_on()
    clock.now += 9.8
    first.advance()
    clock.now += 0.2
    first.stop_at_next_step()
    with pytest.raises(OutOfTime, match="10 seconds"):
        result(ticket)


def test_a_session_has_a_bound_of_its_own(new_engine, steps):
    engine = new_engine()
    for number in range(EACH):
        engine.submit(f"{number}", steps(), session="greedy", channel=f"{number}")
    with pytest.raises(Busy, match=f"{EACH} of your experiments"):
        engine.submit("more", steps(), session="greedy", channel="more")
    engine.submit("polite", steps(), session="polite")
    engine.withdraw("greedy", "3")
    engine.submit("more", steps(), session="greedy", channel="more")


def test_requests_that_were_just_left_are_not_counted(new_engine, steps):
    """Whoever turns to another page may begin there at once: the old work ends after a moment of grace."""
    engine = new_engine()
    for number in range(EACH):
        with engine.submit(f"{number}", steps(), session="one", channel=f"{number}"):
            pass
    engine.submit("more", steps(), session="one", channel="more")


def test_an_address_has_half_of_the_queue(new_engine, steps):
    engine = new_engine(queue_limit=4)
    first = steps()
    engine.submit("first", first)
    for number in range(2):
        engine.submit(f"{number}", steps(), address="1.1.1.1", session=f"{number}")
    with pytest.raises(Busy, match="busy"):
        engine.submit("more", steps(), address="1.1.1.1", session="more")
    engine.submit("polite", steps(), address="2.2.2.2", session="polite")


def test_errands_take_no_turn_have_no_budget_and_are_few(new_engine, steps, clock, result):
    engine = new_engine(budget=1.0)
    errands = [steps("here", total=2) for _ in range(ERRANDS + 1)]
    tickets = [engine.submit(f"{n}", work, errand=True) for n, work in enumerate(errands)]
    assert all(work.began.wait(LONG) for work in errands[:-1])
    assert not errands[-1].began.is_set()
    assert result(engine.submit("computation", lambda _: "done")) == "done"
    clock.now += 1000.0
    for work in errands:
        work.finish()
    assert [result(ticket) for ticket in tickets] == ["here"] * len(errands)


def test_a_quick_one_beside_two_endless_ones_ends_first_in_real_time(new_engine, result):
    engine, stop = new_engine(workers=2), threading.Event()

    def endless(progress):
        step = 0
        while not stop.is_set():
            torch.zeros(100).add_(1)
            progress(step := step + 1)
        return step

    greedy = [engine.submit(f"{n}", endless, session=f"{n}") for n in range(2)]
    until(lambda: all(ticket.step for ticket in greedy))
    polite = [
        result(engine.submit(f"polite {n}", lambda _, n=n: n, session="polite")) for n in range(5)
    ]
    assert polite == list(range(5))
    assert not any(ticket.done for ticket in greedy)
    stop.set()
    assert all(result(ticket) for ticket in greedy)
