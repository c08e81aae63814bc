"""Sharing and stopping: one run per key, the latest request wins, the last leaver stops the run."""

import threading

import pytest
import torch

from robust_core.engine import Abandoned, key_of

LONG = 10.0


def test_eight_threads_with_one_key_share_one_run(new_engine, steps, result):
    engine, work = new_engine(workers=4), steps(value=object(), total=3)
    all_asked, results = threading.Barrier(9), [None] * 8

    def ask(index):
        with engine.submit("key", work, session=f"session {index}") as ticket:
            all_asked.wait(LONG)
            results[index] = result(ticket)

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(8)]
    for thread in threads:
        thread.start()
    all_asked.wait(LONG)
    work.finish()
    for thread in threads:
        thread.join(LONG)
    assert work.runs == 1
    assert all(each is work.value for each in results)
    stats = engine.stats()
    assert (stats.misses, stats.joined, stats.hits) == (1, 7, 0)


def test_a_kept_result_is_there_at_once_and_the_same_object(new_engine, steps, result):
    engine, work = new_engine(), steps(value=["result"], total=0)
    assert result(engine.submit("key", work)) is work.value
    ticket = engine.submit("key", work)
    assert ticket.cached
    assert ticket.done
    assert ticket.place == 0
    assert ticket.result() is engine.peek("key") is work.value
    assert (work.runs, engine.stats().hits) == (1, 1)
    assert engine.peek("another") is None
    engine.forget()
    assert engine.peek("key") is None
    assert engine.stats().cache_bytes == 0
    assert not engine.submit("key", work).cached


def test_a_newer_request_of_the_session_stops_the_older_at_its_next_step(new_engine, steps, result):
    engine, old, new = new_engine(), steps("old"), steps("new", total=1)
    older = engine.submit("old", old, session="s", channel="attack")
    old.advance(3)
    newer = engine.submit("new", new, session="s", channel="attack")
    assert older.done
    with pytest.raises(Abandoned):
        older.result()
    old.stop_at_next_step()
    assert old.steps == 4
    new.finish()
    assert result(newer) == "new"
    assert engine.peek("old") is None
    assert engine.stats().abandoned == 1


def test_a_newer_request_drops_the_queued_older_one_unrun(new_engine, steps, result):
    engine, first, old = new_engine(), steps(), steps()
    engine.submit("first", first)
    assert first.began.wait(LONG)
    older = engine.submit("old", old, session="s")
    newer = engine.submit("new", steps("new", total=0), session="s")
    assert older.done
    assert newer.place == 1
    first.finish()
    assert result(newer) == "new"
    assert old.runs == 0


def test_a_newer_request_for_a_kept_result_stops_the_older_one_too(new_engine, steps, result):
    engine, old = new_engine(), steps()
    result(engine.submit("kept", steps(total=0)))
    older = engine.submit("old", old, session="s")
    old.advance()
    assert engine.submit("kept", steps(), session="s").cached
    assert older.done
    old.stop_at_next_step()


@pytest.mark.parametrize(
    "other",
    [
        {"session": "another", "channel": "attack"},
        {"session": "s", "channel": "another"},
        {"session": None, "channel": "attack"},
    ],
)
def test_other_sessions_and_channels_are_left_alone(new_engine, steps, other, result):
    engine, work = new_engine(workers=2), steps(total=2)
    ticket = engine.submit("old", work, session="s", channel="attack")
    engine.submit("new", steps(), **other)
    work.finish()
    assert result(ticket) == "value"


def test_the_same_request_again_shares_the_run(new_engine, steps, result):
    engine, work = new_engine(), steps(total=2)
    tickets = [engine.submit("key", work, session="s") for _ in range(2)]
    work.advance()
    tickets[0].leave()  # as a page does that is drawn anew
    work.finish()
    assert result(tickets[1]) == "value"
    assert work.runs == 1


def test_a_shared_run_survives_a_replaced_and_a_leaving_session(new_engine, steps, result):
    engine, work = new_engine(), steps()
    replaced, left, stays = (engine.submit("key", work, session=s) for s in "abc")
    work.advance()
    engine.submit("other", steps(), session="a")
    left.leave()
    work.advance()
    work.finish()
    assert result(stays) == "value"
    for ticket in (replaced, left):
        with pytest.raises(Abandoned):
            ticket.result()


def test_the_last_leaver_stops_the_run_even_by_an_exception(new_engine, steps, result):
    class Rerun(BaseException):
        """Like Streamlit's, which is no Exception."""

    engine, work = new_engine(), steps()

    def page():
        with engine.submit("key", work):
            work.advance(2)
            raise Rerun

    with pytest.raises(Rerun):
        page()
    work.stop_at_next_step()
    result(engine.submit("next", lambda _: None))  # the only worker has put the first away
    assert work.steps == 3
    assert engine.stats().abandoned == 1
    assert engine.peek("key") is None


def test_a_running_job_left_and_rejoined_keeps_its_steps(new_engine, steps, result):
    engine, work = new_engine(), steps()
    first = engine.submit("key", work)
    work.advance(5)
    first.leave()
    ticket = engine.submit("key", work)
    assert ticket.step == 5
    work.finish()
    assert result(ticket) == "value"
    assert (work.runs, work.steps) == (1, 100)
    assert engine.stats().abandoned == 0


def test_a_request_while_the_abandoned_run_unwinds_gets_a_new_run(new_engine, result):
    engine = new_engine()
    running, go_on, unwinding, unwind = (threading.Event() for _ in range(4))

    def stubborn(progress):
        running.set()
        assert go_on.wait(LONG)
        try:
            progress(1)
        except Abandoned:
            unwinding.set()
            assert unwind.wait(LONG)
        return "half done"

    first = engine.submit("key", stubborn)
    assert running.wait(LONG)
    first.leave()
    go_on.set()
    assert unwinding.wait(LONG)
    ticket = engine.submit("key", lambda progress: "whole")
    assert not ticket.done
    unwind.set()
    assert result(ticket) == "whole" == engine.peek("key")


def test_what_the_work_has_to_say_is_kept_with_its_result(new_engine):
    engine = new_engine()

    def work(progress):
        progress.notice("On the CPU.")
        progress.notice("It took long.")
        return "result"

    for cached in (False, True):
        ticket = engine.submit("key", work)
        assert ticket.result() == "result"
        assert ticket.cached is cached
        assert ticket.notices == engine.notices("key") == ("On the CPU.", "It took long.")
    engine.forget()
    assert engine.notices("key") == ()
    assert engine.submit("another", lambda progress: None).notices == ()


def test_what_belongs_to_a_session_is_dropped_with_it_and_the_rest_stays(new_engine, result):
    engine = new_engine()
    shared, mine, yours = (key_of(owner=owner, picture="p") for owner in (None, "me", "you"))
    for key in (shared, mine, yours):
        result(engine.submit(key, lambda _: torch.zeros(10)))
    engine.forget("me")
    assert engine.peek(mine) is None
    assert engine.peek(shared) is not None
    assert engine.peek(yours) is not None
    assert engine.stats().cache_bytes == 80
