"""What holds for all tests of pages."""

from contextlib import contextmanager

import pytest

from robust_core.dashboard import lab, plots, request
from robust_core.dashboard.verify import running
from robust_core.training.live import train
from tests.letters import small_letters


@pytest.fixture(autouse=True)
def _no_data(monkeypatch, tmp_path):
    """Whatever data sets and downloaded models this machine has: the page sees none."""
    monkeypatch.setenv("ROBUST_DATA", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))


@pytest.fixture(autouse=True)
def _letters_can_be_read(monkeypatch):
    """In every chart that a test of a page draws."""
    small, draw = [], plots.draw

    def watched(figure, *, key: str, **more) -> None:
        small.extend(small_letters(figure.to_plotly_json(), key))
        draw(figure, key=key, **more)

    monkeypatch.setattr(plots, "draw", watched)
    yield
    assert small == []


@pytest.fixture(autouse=True)
def _few_pictures(monkeypatch):
    """Page Verify looks at four test pictures, not at a hundred; Live training ends with 100, not 450."""
    monkeypatch.setattr(running, "SET", 4)
    monkeypatch.setattr(train, "FINAL", 100)


@pytest.fixture
def nothing_kept():
    """The engine holds no results, neither those of earlier tests nor, afterwards, those of this one."""
    lab.engine().forget()
    yield
    lab.engine().forget()


@pytest.fixture
def performed(monkeypatch):
    """The names of the attacks that are run from now on, by whichever page; nothing is kept."""
    names, true_perform = [], request.perform

    def perform(*args, **options):
        names.append(args[2].name)
        return true_perform(*args, **options)

    monkeypatch.setattr(request, "perform", perform)
    lab.engine().forget()
    return names


@pytest.fixture
def stopping(monkeypatch):
    """``with stopping(title):`` a visitor stops the computation of that title; the engine keeps nothing.

    ``shown``: what that computation has shown by then.
    """

    @contextmanager
    def stop(title: str, shown=None):
        lab.engine().forget()
        true_wait = lab._wait

        def wait(ticket, slot, what, doing, words, watch):
            if doing != title:
                return true_wait(ticket, slot, what, doing, words, watch)
            if shown is not None:
                watch(shown)
            return lab._stop(*what)

        with monkeypatch.context() as patch:
            patch.setattr(lab, "_wait", wait)
            yield

    return stop
