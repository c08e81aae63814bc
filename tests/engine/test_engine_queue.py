"""The queue: first come first served, bounded in length, time and memory, and never broken."""

import random
import threading

import pytest
import torch

from robust_core.engine import Abandoned, Busy, Engine, OutOfTime

LONG = 10.0


def test_first_come_first_served_and_the_place_in_line(new_engine, steps, result):
    engine, first, order = new_engine(), steps(), []
    running = engine.submit("first", first)
    first.advance()
    tickets = [engine.submit(name, lambda _, name=name: order.append(name)) for name in "abcd"]
    assert running.place == 0
    assert [ticket.place for ticket in tickets] == [1, 2, 3, 4]
    assert (engine.stats().queued, engine.stats().running) == (4, 1)
    tickets[1].leave()
    assert engine.stats().queued == 3
    assert [tickets[index].place for index in (0, 2, 3)] == [1, 2, 3]
    first.finish()
    for index in (0, 2, 3):
        result(tickets[index])
        assert tickets[index].place == 0
    assert order == ["a", "c", "d"]


def test_a_full_queue_refuses_with_a_sentence_and_a_leaver_makes_room(new_engine, steps, result):
    engine, running = new_engine(queue_limit=2), steps()
    engine.submit("running", running)
    assert running.began.wait(LONG)
    waiting = [engine.submit(name, steps(total=0)) for name in "ab"]
    with pytest.raises(Busy, match="2 experiments wait"):
        engine.submit("c", steps())
    assert engine.stats().misses == 3
    engine.submit("a", steps())  # shares a place
    waiting[1].leave()
    ticket = engine.submit("c", steps("c", total=0))
    running.finish()
    assert result(ticket) == "c"


def test_a_session_may_replace_its_own_request_in_a_full_queue(new_engine, steps):
    engine, running = new_engine(queue_limit=1), steps()
    engine.submit("running", running)
    assert running.began.wait(LONG)
    engine.submit("old", steps(), session="s")
    assert engine.submit("new", steps(), session="s").place == 1


def test_the_budget_stops_the_run_and_names_the_seconds(new_engine, steps, result):
    engine, work = new_engine(budget=1e-9), steps()
    ticket = engine.submit("key", work)
    work.stop_at_next_step()
    with pytest.raises(OutOfTime, match="1e-09 seconds"):
        result(ticket)
    assert work.steps == 1
    assert engine.peek("key") is None
    assert not engine.submit("key", work).cached


def test_a_computation_may_have_a_budget_of_its_own(new_engine, result):
    engine = new_engine(budget=1e-9)

    def work(progress):
        progress(1)
        return "done"

    assert result(engine.submit("patient", work, budget=60.0)) == "done"
    with pytest.raises(OutOfTime, match="1e-06 seconds"):
        result(engine.submit("hasty", work, budget=1e-6))


def test_a_value_returned_after_the_stop_is_dropped(new_engine, result):
    engine = new_engine(budget=1e-9)

    def stubborn(progress):
        try:
            progress(1)
        except Exception:
            return "half done"

    with pytest.raises(OutOfTime):
        result(engine.submit("key", stubborn))
    assert engine.peek("key") is None


def test_results_leave_by_least_recent_use_within_the_bytes(new_engine, result):
    engine = new_engine(cache_bytes=1000)
    for name in "abc":
        result(engine.submit(name, lambda _: torch.zeros(100)))  # 400 bytes each
        engine.peek("a")
    assert engine.peek("a") is not None
    assert engine.peek("c") is not None
    assert engine.peek("b") is None
    assert engine.stats().cache_bytes == 800
    assert result(engine.submit("large", lambda _: torch.zeros(251))).shape == (251,)
    assert engine.peek("large") is None
    assert engine.stats().cache_bytes == 800


@pytest.mark.parametrize("error", [KeyError("lost"), SystemExit(3)])
def test_errors_reach_all_who_wait_are_not_kept_and_spare_the_worker(
    new_engine, steps, error, result
):
    engine, first = new_engine(), steps()
    engine.submit("first", first)

    def fail(progress):
        raise error

    tickets = [engine.submit("key", fail) for _ in range(2)]
    first.finish()
    for ticket in tickets:
        with pytest.raises(type(error)) as caught:
            result(ticket)
        assert caught.value is error
    assert result(engine.submit("key", lambda _: "now")) == "now"


def test_work_may_not_wait_for_its_own_engine(new_engine, result):
    engine = new_engine()
    ticket = engine.submit("outer", lambda _: engine.submit("inner", lambda _: 1))
    with pytest.raises(RuntimeError, match="may not submit"):
        result(ticket)


def test_gradient_mode_set_by_one_work_does_not_reach_the_next(new_engine, result):
    engine = new_engine()
    result(engine.submit("off", lambda _: torch.set_grad_enabled(False)))
    assert result(engine.submit("next", lambda _: torch.is_grad_enabled()))


def test_closing_abandons_everything_and_ends_the_workers(new_engine, steps):
    engine, work = new_engine(), steps()
    running = engine.submit("running", work)
    work.advance()
    queued = engine.submit("queued", steps(), session="s")
    leaver = threading.Thread(target=engine._at_exit)
    leaver.start()
    for ticket in (running, queued):
        assert ticket.wait(LONG)
        with pytest.raises(Abandoned):
            ticket.result()
    work.stop_at_next_step()
    leaver.join(LONG)
    assert not any(thread.is_alive() for thread in engine._threads)
    with pytest.raises(RuntimeError, match="closed"):
        engine.submit("key", work)


@pytest.mark.parametrize(
    "options",
    [{"workers": 0}, {"queue_limit": 0}, {"budget": 0}, {"grace": -1}, {"cache_bytes": -1}],
)
def test_bad_options_are_refused(options):
    with pytest.raises(ValueError, match="must"):
        Engine(**options)


def test_sixteen_threads_with_random_keys_get_exact_results(new_engine, result):
    engine = new_engine(workers=4, cache_bytes=40_000, queue_limit=64)
    wrong, answered = [], []

    def work_for(number):
        def work(progress):
            total = torch.zeros(100, dtype=torch.int64)
            for step in range(5):
                total += number
                progress(step + 1, 5)
            return total

        return work

    def session(index):
        choose = random.Random(index)
        for _ in range(60):
            number = choose.randrange(100)
            impatient = choose.random() < 0.3
            asker = {"session": f"s{index % 8}", "channel": "c"} if choose.random() < 0.5 else {}
            with engine.submit(str(number), work_for(number), **asker) as ticket:
                if impatient:
                    continue
                try:
                    value = result(ticket)
                except Abandoned:
                    if not asker:  # only a newer request of the same session may replace
                        wrong.append(number)
                    continue
                answered.append(number)
                if not torch.equal(value, torch.full((100,), 5 * number)):
                    wrong.append(number)

    threads = [threading.Thread(target=session, args=(index,)) for index in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(3 * LONG)
    assert not wrong
    assert len(answered) > 250
    stats = engine.stats()
    assert stats.hits + stats.misses + stats.joined == 16 * 60
    assert stats.queued == 0
    assert 0 < stats.cache_bytes <= 40_000
    assert result(engine.submit("last", lambda _: "last")) == "last"
