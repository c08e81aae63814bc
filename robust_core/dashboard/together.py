"""Several computations at once: asked for together, drawn together as they go, stopped together."""

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import streamlit as st

from robust_core.dashboard import lab
from robust_core.engine import Abandoned, OutOfMemory, OutOfTime, Ticket
from robust_core.engine.errors import Busy
from robust_core.engine.jobs import Reporter

AT_ONCE = 6
"""Of one visitor's; the others follow as these end. The engine takes eight, and the page asks for more."""

STOPPED = "stopped"
"""The refusal of a part that the visitor stopped."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """One of the computations. ``channel``: see ``Engine.submit``; each part needs its own."""

    key: str
    work: Callable[[Reporter], Any]
    channel: str
    budget: float | None = None


@dataclass
class State:
    """How far a part has come. ``refusal``: why it has ended without a ``result``, in a sentence."""

    result: Any = None
    shown: Any = None
    step: int = 0
    total: int | None = None
    place: int = 0
    refusal: str = ""
    ended: bool = False


States = dict[str, State]


def run(parts: Mapping[str, Part], draw: Callable[[States], object]) -> States:
    """Compute all parts; ``draw`` is called with their states twice a second, and once at the end.

    A part that fails or is stopped leaves the others alone. What the visitor stopped is not run again
    until ``again``; what was ``shown`` of it until then is kept for the session, and stays.
    """
    states = {name: State(shown=_shown().get(part.key)) for name, part in parts.items()}
    waiting = [name for name in parts if not _settled(parts[name], states[name])]
    tickets: dict[str, Ticket] = {}
    with ExitStack() as stack:
        drawn_at = 0.0
        while waiting or tickets:
            while waiting and len(tickets) < AT_ONCE:
                name = waiting.pop(0)
                ticket = _ask(parts[name], states[name])
                if ticket is not None:
                    tickets[name] = stack.enter_context(ticket)
            for name, ticket in tuple(tickets.items()):
                if ticket.done:
                    del tickets[name]
                _read(parts[name], ticket, states[name])
            st.session_state.get("_session")  # lets Streamlit end this run for a newer one
            if tickets and time.monotonic() - drawn_at >= lab.PACE:
                draw(states)
                drawn_at = time.monotonic()
            if tickets:
                breathe(next(iter(tickets.values())))
    _forget_others(parts)
    lab.settle()
    draw(states)
    return states


def breathe(ticket: Ticket) -> None:
    """A short wait between two looks at all tickets."""
    ticket.wait(0.05)


def stop(parts: Mapping[str, Part]) -> None:
    """For a button: end what has not ended, and do not run it again."""
    for part in parts.values():
        if lab.engine().peek(part.key) is None:
            lab.give_up(part.key)
            lab.engine().withdraw(lab.session(), part.channel)


def again(parts: Mapping[str, Part]) -> None:
    """For a button: what was stopped may run again, from its beginning."""
    for part in parts.values():
        lab.allow(part.key)
        _shown().pop(part.key, None)


def _settled(part: Part, state: State) -> bool:
    """Whether there is nothing to ask for: it was stopped."""
    if lab.stopped(part.key) and lab.engine().peek(part.key) is None:
        state.ended, state.refusal = True, STOPPED
    return state.ended


def _ask(part: Part, state: State) -> Ticket | None:
    try:
        return lab.ask(part.key, part.work, channel=part.channel, budget=part.budget)
    except Busy as error:
        state.ended, state.refusal = True, lab.capitalised(str(error))
        return None


def _read(part: Part, ticket: Ticket, state: State) -> None:
    """Take over what a ticket knows by now."""
    state.step, state.total, state.place = ticket.step, ticket.total, ticket.place
    if ticket.shown is not None:
        state.shown = _shown()[part.key] = ticket.shown
    if not ticket.done:
        return
    state.ended = True
    try:
        state.result = ticket.result()
    except OutOfMemory:
        state.refusal = lab.NO_MEMORY
    except OutOfTime as error:
        lab.give_up(part.key)  # otherwise the next run of the page would spend that time again
        state.refusal = str(error)
    except Abandoned as error:
        state.refusal = STOPPED if lab.stopped(part.key) else str(error)
    except Exception as error:  # a program error costs this part only
        state.refusal = lab.capitalised(str(error))
        if not isinstance(error, ValueError):
            log.exception("%s failed", part.channel)


def _shown() -> dict[str, Any]:
    """The last partial results of this session, by key."""
    return st.session_state.setdefault("_together", {})


def _forget_others(parts: Mapping[str, Part]) -> None:
    """Keep the partial results of these parts only, and of those not what is finished."""
    kept = {part.key for part in parts.values() if lab.stopped(part.key)}
    for key in _shown().keys() - kept:
        del _shown()[key]
