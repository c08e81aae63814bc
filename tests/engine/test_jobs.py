"""Tickets: progress, results, and what they keep in memory."""

import threading
import time
import traceback
import weakref

import pytest
import torch

from robust_core.engine import Abandoned

LONG = 10.0


def test_progress_is_seen_through_the_ticket(new_engine, steps):
    engine, work = new_engine(), steps(total=7)
    with engine.submit("key", work) as ticket:
        assert (ticket.step, ticket.total, ticket.done) == (0, None, False)
        assert not ticket.wait(0.0)
        work.advance(2)
        assert (ticket.step, ticket.total, ticket.place) == (2, 7, 0)
        work.finish()
        assert ticket.wait(LONG)
        assert ticket.done
        assert not ticket.cached
        assert (ticket.key, ticket.step) == ("key", 7)


def test_a_finished_result_stays_after_leaving(new_engine, steps):
    with new_engine().submit("key", steps(total=0)) as ticket:
        assert ticket.wait(LONG)
    ticket.leave()
    assert ticket.result() == "value"


def test_a_result_left_early_stays_abandoned(new_engine, steps):
    engine, work = new_engine(), steps(total=1)
    left, stays = (engine.submit("key", work) for _ in range(2))
    left.leave()
    work.finish()
    assert stays.wait(LONG)
    with pytest.raises(Abandoned):
        left.result()


def test_result_waits_until_it_is_there(new_engine, steps):
    work, answers = steps(total=1), []
    ticket = new_engine().submit("key", work)
    waiter = threading.Thread(target=lambda: answers.append(ticket.result()))
    waiter.start()
    assert work.began.wait(LONG)
    assert not answers
    work.finish()
    waiter.join(LONG)
    assert answers == ["value"]


def test_an_error_points_to_the_line_that_raised_it_however_often_it_is_raised(new_engine):
    def fail(progress):
        raise KeyError("lost")

    ticket = new_engine().submit("key", fail)
    paths = []
    for _ in range(3):
        with pytest.raises(KeyError) as caught:
            ticket.result()
        frames = traceback.extract_tb(caught.value.__traceback__)
        assert frames[-1].name == "fail"
        paths.append([frame.name for frame in frames])
    assert paths[0] == paths[1] == paths[2]
    assert "_run" not in paths[0]  # the worker's own frame would keep the job alive


def test_a_kept_error_does_not_keep_the_tensors_of_the_failed_work(new_engine):
    kept = []

    def fail(progress):
        picture = torch.zeros(10)
        kept.append(weakref.ref(picture))
        try:
            raise KeyError("inner")
        except KeyError as error:
            raise ValueError("outer") from error

    ticket = new_engine().submit("key", fail)
    with pytest.raises(ValueError, match="outer"):
        ticket.result()
    assert kept[0]() is None


def test_an_idle_engine_keeps_nothing_that_was_forgotten(new_engine):
    engine, picture = new_engine(), torch.zeros(10)
    kept = weakref.ref(picture)
    ticket = engine.submit("key", lambda _, picture=picture: picture)
    assert ticket.result() is picture
    engine.forget()
    del picture, ticket
    end = time.monotonic() + LONG
    while kept() is not None and time.monotonic() < end:
        time.sleep(0.001)  # the worker is about to put the job away
    assert kept() is None


def test_a_ticket_keeps_the_result_but_not_the_work(new_engine, result):
    engine, picture = new_engine(), torch.zeros(10)
    kept = weakref.ref(picture)
    ticket = engine.submit("key", lambda _, picture=picture: len(picture))
    assert result(ticket) == 10
    result(engine.submit("next", lambda _: None))  # the only worker has put the first away
    del picture
    assert kept() is None


def test_what_is_shown_on_the_way_reaches_every_ticket_and_is_not_kept(new_engine):
    engine, go = new_engine(), threading.Event()

    def work(progress):
        progress.show(("half",))
        progress(1, 2)
        assert go.wait(LONG)
        return "whole"

    with engine.submit("key", work) as first, engine.submit("key", work) as second:
        while not first.step:
            assert not first.wait(0.01)
        assert first.shown == second.shown == ("half",)
        go.set()
        assert first.wait(LONG)
    with engine.submit("key", work) as later:
        assert (later.result(), later.shown) == ("whole", None)
