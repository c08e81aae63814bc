"""Grace: a page that is drawn anew finds its computation and its place in line again."""

import pytest

from robust_core.engine import Busy

GRACE = 2.0


def ask(engine, key, work, channel="attack"):
    return engine.submit(key, work, session="s", channel=channel)


def test_a_run_goes_on_through_the_grace_and_is_found_again(new_engine, steps, clock):
    engine, work = new_engine(grace=GRACE), steps()
    ticket = ask(engine, "key", work)
    work.advance()
    ticket.leave()
    clock.now += GRACE - 0.1
    work.advance(2)
    ticket = ask(engine, "key", work)
    clock.now += 10 * GRACE
    work.advance()
    assert (ticket.step, work.runs, engine.stats().abandoned) == (4, 1, 0)


def test_a_run_stops_when_the_grace_is_over(new_engine, steps, clock):
    engine, work = new_engine(grace=GRACE), steps()
    ticket = ask(engine, "key", work)
    work.advance()
    ticket.leave()
    clock.now += GRACE
    work.stop_at_next_step()
    assert work.steps == 2


def test_a_newer_request_ends_the_grace_at_once(new_engine, steps, clock):
    engine, work = new_engine(grace=GRACE), steps()
    ticket = ask(engine, "key", work)
    work.advance()
    ticket.leave()
    ask(engine, "of another channel", steps(), channel="another")
    work.advance()
    ask(engine, "new", steps())
    work.stop_at_next_step()
    assert work.steps == 3


@pytest.mark.parametrize("leave_first", [False, True])
def test_a_withdrawn_request_stops_at_its_next_step(new_engine, steps, clock, leave_first):
    engine, work = new_engine(grace=GRACE), steps()
    ticket = ask(engine, "key", work)
    work.advance()
    if leave_first:
        ticket.leave()
    engine.withdraw("s", "another")
    work.advance()
    engine.withdraw("s", "attack")
    assert ticket.done
    work.stop_at_next_step()
    assert work.steps == 3


def test_the_place_in_line_is_kept_but_counts_only_the_wanted(new_engine, steps, clock):
    engine, running, queued = new_engine(grace=GRACE, queue_limit=2), steps(), steps()
    engine.submit("running", running)
    running.advance()
    ask(engine, "queued", queued).leave()
    behind = engine.submit("behind", steps())
    assert behind.place == 2
    with pytest.raises(Busy):
        engine.submit("third", steps())
    again = ask(engine, "queued", queued)
    assert (again.place, behind.place) == (1, 2)
    again.leave()
    clock.now += GRACE
    assert behind.place == 1
    assert engine.submit("third", steps()).place == 2
    running.finish()
    assert behind.place in (0, 1)
    assert queued.runs == 0


def test_what_is_not_wanted_when_its_turn_comes_never_runs(new_engine, steps, clock, result):
    engine, running, queued = new_engine(grace=GRACE), steps(), steps(total=0)
    ticket = engine.submit("running", running)
    running.advance()
    ask(engine, "queued", queued).leave()
    clock.now += GRACE
    running.finish()
    result(ticket)
    result(engine.submit("last", lambda _: None))
    assert queued.runs == 0
    assert engine.stats().abandoned == 1


def test_closing_ends_the_grace(new_engine, steps, clock):
    engine, work = new_engine(grace=GRACE), steps()
    ticket = ask(engine, "key", work)
    work.advance()
    ticket.leave()
    engine.close()
    work.stop_at_next_step()
    assert work.steps == 2
