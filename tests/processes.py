"""Real processes that begin at the same moment, for tests of what they share on disk."""

import multiprocessing
from collections.abc import Callable
from typing import Any

import pytest


def at_once(work: Callable[..., Any], *arguments: Any) -> list[Any]:
    """``work(argument)`` for each argument, each in a process of its own; what they return, or raise.

    They are forked: importing torch in each would take seconds.
    """
    if "fork" not in multiprocessing.get_all_start_methods():
        pytest.skip("this system cannot fork")
    context = multiprocessing.get_context("fork")
    gate = context.Barrier(len(arguments))
    outcomes = context.SimpleQueue()

    def run(i: int, argument: Any) -> None:
        gate.wait(60)
        try:
            outcome = work(argument)
        except Exception as error:
            outcome = str(error)
        outcomes.put((i, outcome))

    processes = [context.Process(target=run, args=pair) for pair in enumerate(arguments)]
    for process in processes:
        process.start()
    told = dict(outcomes.get() for _ in processes)
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    return [told[i] for i in range(len(arguments))]
