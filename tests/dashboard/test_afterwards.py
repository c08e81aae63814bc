"""A part of a page that goes on: when its runs end."""

import pytest
import streamlit as st

from robust_core.dashboard.components import afterwards


@pytest.fixture
def runs(monkeypatch):
    """``runs(draw, more)``: what one later run of the part leads to."""

    def run(draw, more) -> list:
        ended = []
        monkeypatch.setattr(st, "fragment", lambda part, run_every: part)
        monkeypatch.setattr(afterwards, "is_due", lambda: True)
        monkeypatch.setattr(afterwards, "_stop", lambda: ended.append(True))
        try:
            afterwards.go_on(draw, more)
        except ZeroDivisionError:
            ended.append("error")
        return ended

    return run


def test_runs_end_when_there_is_no_more(runs):
    assert runs(lambda: None, lambda: True) == []
    assert runs(lambda: None, lambda: False) == [True]


def test_an_error_ends_them_and_is_not_hidden(runs):
    assert runs(lambda: 1 / 0, lambda: True) == [True, "error"]
