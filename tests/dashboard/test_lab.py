"""The façade before the engine: results, refusals as sentences, two waits in one run."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from robust_core import attacks
from robust_core.dashboard import lab
from robust_core.engine import Abandoned, OutOfMemory, OutOfTime
from robust_core.engine.errors import Busy

SLOWER = lab.PATIENCE + 0.4


def page(first, second):
    """Two computations in one run, as a download and an attack."""
    import uuid

    import streamlit as st

    from robust_core.dashboard import lab

    for channel, work in (("download", first), ("attack", second)):
        st.text(lab.compute(uuid.uuid4().hex, work, channel=channel, doing="Computing"))


def run(first, second=lambda progress: "done") -> AppTest:
    return AppTest.from_function(page, default_timeout=30, args=(first, second)).run()


def slow(progress) -> str:
    import time

    end = time.monotonic() + SLOWER
    while time.monotonic() < end:
        progress(1, 2)
        time.sleep(0.05)
    return "slow, but done"


def test_results_come_back():
    test = run(lambda progress: "one", lambda progress: "two")
    assert [text.value for text in test.text] == ["one", "two"]
    assert not test.button, "what is quick shows no bar"


def test_two_long_computations_in_one_run_do_not_clash():
    test = run(slow, slow)
    assert not test.exception
    assert [text.value for text in test.text] == ["slow, but done"] * 2
    assert not test.button, "a finished one has nothing to stop"


@pytest.mark.parametrize("error", [Busy, OutOfTime, ValueError])
def test_a_refusal_is_a_sentence_and_the_page_goes_on(error):
    def refuse(progress):
        raise error("Not now.")

    test = run(refuse)
    assert not test.exception
    assert [e.value for e in test.error] == ["Not now."]
    assert [text.value for text in test.text] == ["None", "done"]


def test_a_replaced_request_says_so():
    def replaced(progress):
        raise Abandoned("Replaced.")

    test = run(replaced)
    assert not test.error
    assert "newer request" in test.info[0].value


def test_an_error_of_the_program_is_named_without_its_text():
    def broken(progress):
        raise KeyError("/home/somebody/secret")

    test = run(broken)
    (said,) = test.error
    assert "KeyError" in said.value
    assert "secret" not in said.value


def test_a_result_is_kept_for_a_session_only():
    def keeper():
        import streamlit as st

        from robust_core.dashboard import lab

        lab.keep_result("request", "experiment")
        st.text(str(lab.last_result()))

    def stranger():
        import streamlit as st

        from robust_core.dashboard import lab

        st.text(str(lab.last_result()))

    assert AppTest.from_function(keeper).run().text[0].value == "('request', 'experiment')"
    assert not AppTest.from_function(stranger).run().text


def test_too_little_memory_has_a_sentence_of_its_own():
    def huge(progress):
        raise OutOfMemory("CUDA out of memory at 0x7f")

    test = run(huge)
    assert not test.exception
    assert [e.value for e in test.error] == [lab.NO_MEMORY]
    assert [text.value for text in test.text] == ["None", "done"]


@pytest.mark.parametrize(
    ("attack", "k", "said"),
    [
        (attacks.PGD(steps=10_000), 1, "step 0 of 10,000"),
        (attacks.PGD(steps=10_000), 96, "step 95 of 10,000"),
        (attacks.PGD(steps=10_000), 10_001, "step 10,000 of 10,000"),
        (attacks.PGD(steps=4, restarts=3), 5, "start 1 of 3, step 4 of 4"),
        (attacks.PGD(steps=4, restarts=3), 6, "start 2 of 3, step 0 of 4"),
        (attacks.PGD(steps=4, restarts=3), 15, "start 3 of 3, step 4 of 4"),
        (attacks.CWL2(steps=300, search_steps=5), 517, "step 517 of at most 1,500"),
        (attacks.Noise(draws=1000), 7, "step 7 of 1,000"),
    ],
)
def test_steps_are_counted_as_people_count_them(attack, k, said):
    assert lab.steps(attack)(k, attack.observations) == said


def test_other_work_is_counted_plainly():
    assert lab._count(1234, 10_000) == "1,234 of 10,000"


def noticed(progress) -> str:
    progress.notice("The GPU is out of memory: this ran on the CPU instead.")
    return "done"


def test_what_the_work_has_to_say_stands_where_the_bar_was():
    test = run(noticed)
    assert [text.value for text in test.text] == ["done", "done"]
    assert [c.value for c in test.caption] == [
        "The GPU is out of memory: this ran on the CPU instead."
    ]


def test_an_error_of_one_part_costs_this_part_only():
    def parts():
        import streamlit as st

        from robust_core.dashboard import lab

        def broken(progress):
            raise KeyError("here")

        st.text(lab.attempt("broken", broken, channel="one", doing="Breaking"))
        st.text(lab.attempt("sound", lambda progress: "sound", channel="two", doing="Computing"))

    test = AppTest.from_function(parts, default_timeout=30).run()
    assert not test.exception
    assert [text.value for text in test.text] == ["None", "sound"]
    assert "KeyError" in test.error[0].value


def test_there_is_one_engine_however_often_a_visitor_clears_the_caches():
    before = lab.engine()
    st.cache_resource.clear()
    st.cache_data.clear()
    assert lab.engine() is before


def test_threads_that_ask_at_once_get_the_same_engine(monkeypatch):
    monkeypatch.setattr(lab, "_once", {})
    begin = threading.Barrier(8)

    def ask(_):
        begin.wait(10)
        return lab.engine()

    with ThreadPoolExecutor(8) as pool:
        (engine,) = set(pool.map(ask, range(8)))
    engine.close()


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("eps must be at least 0.", "Eps must be at least 0."),
        ("www.example.org cannot be reached.", "www.example.org cannot be reached."),
        ("data/cifar10 is full.", "data/cifar10 is full."),
        ("", ""),
    ],
)
def test_a_sentence_has_a_capital_and_an_address_has_none(sentence, shown):
    assert lab.capitalised(sentence) == shown
