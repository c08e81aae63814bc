"""The façade between pages and the engine: one engine per process, one wait per request."""

import gc
import logging
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import streamlit as st
import torch

from robust_core import zoo
from robust_core.attacks import Attack
from robust_core.classifier import Classifier
from robust_core.dashboard import departed
from robust_core.dashboard.components import buttons
from robust_core.devices import best_device
from robust_core.engine import (
    Abandoned,
    Engine,
    OutOfMemory,
    OutOfTime,
    Ticket,
    on_cpu_if_out_of_memory,
)
from robust_core.engine.errors import Busy
from robust_core.engine.jobs import Reporter, T

PATIENCE = 0.4
"""Seconds before a progress bar appears: shorter work would only flash."""
PACE = 0.5
"""Seconds between two messages of a bar."""

NO_MEMORY = (
    "This machine has too little memory for this run. Choose a smaller model, or close other "
    "programs, and try again."
)

log = logging.getLogger(__name__)
Words = Callable[[int, int], str]
"""What a bar says at step k of n."""


_begin = threading.Lock()
_once: dict[str, Any] = {}  # not in Streamlit's caches, which any visitor may clear


def with_model(name: str, work: Callable[[Classifier], T], progress: Reporter) -> T:
    """``work`` with a model on the best device; on the CPU, which is said, where that has no memory."""

    def on(device: torch.device) -> T:
        return work(zoo.load(name, device))

    return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)


def engine() -> Engine:
    """The one engine of this process, shared by all sessions."""
    with _begin:
        if "engine" not in _once:
            _once["engine"] = Engine(grace=2.0)
        return _once["engine"]


def settle() -> None:
    """Exclude what is loaded by now from garbage collection; once per process, after its first result.

    Streamlit collects all generations after each run. With torch imported that scans a quarter of a
    million objects that are never freed: 0.15 s in which no other session runs. They are not collected
    here, either: the first visitor waits, and Python has done it many times while they were loaded.
    """
    with _begin:
        if "settled" not in _once:
            _once["settled"] = True
            gc.freeze()


def session() -> str:
    """A name for this browser session, whose own results are dropped when it is given up."""
    name = st.session_state.setdefault("_session", uuid.uuid4().hex)
    departed.watch(name, _forget)
    return name


on_departure: list[Callable[[str], object]] = []
"""What else is called with the name of a session that is given up."""


def _forget(session: str) -> None:
    engine().forget(session)
    for forget in on_departure:
        forget(session)


def compute(
    key: str,
    work: Callable[[Reporter], T],
    *,
    channel: str,
    doing: str,
    words: Words | None = None,
    watch: Callable[[Any], object] | None = None,
    kept: Callable[[Any], str] | None = None,
    errand: bool = False,
    budget: float | None = None,
) -> T | None:
    """The result of ``work`` under ``key``, with progress, a place in line and a stop button.

    The bar says ``doing`` and then ``words(k, n)``, by default k of n. ``watch`` is called with each new
    object that the work passes to ``progress.show``. What the work passes to ``progress.notice`` stays
    where the bar was. ``kept``: where the work is stopped, the last object shown stays with the visitor
    (``so_far``), and this says what it is. ``errand``: it waits more than it computes, and may take as
    long as it takes; ``budget``: seconds that it may compute, if not the engine's.
    Returns None where the user stopped it or it was refused; the page then says what to do.
    """
    if stopped(key):
        _offer_again(key, kept)
        return None
    if kept is not None:
        watch = _keeping(key, channel, watch)
    slot = st.empty()
    try:
        with ask(key, work, channel=channel, errand=errand, budget=budget) as ticket:
            _wait(ticket, slot, (key, channel), doing, words or _count, watch)
            result = ticket.result()
        settle()
        if ticket.notices:
            slot.caption("  \n".join(ticket.notices))
        elif not ticket.cached:
            slot.empty()
        return result
    except Abandoned:
        slot.info("A newer request has replaced this one.")
    except OutOfMemory:
        slot.error(NO_MEMORY)
    except (Busy, OutOfTime, ValueError) as error:
        if isinstance(error, OutOfTime):
            give_up(key)  # otherwise the next run of the page would spend that time again
        slot.error(capitalised(str(error)))
    except Exception as error:
        slot.error(f"This did not work ({type(error).__name__}). Change a setting and try again.")
        raise
    return None


def ask(
    key: str,
    work: Callable[[Reporter], T],
    *,
    channel: str,
    errand: bool = False,
    background: bool = False,
    budget: float | None = None,
) -> Ticket[T]:
    """This visitor's request to the engine; see ``Engine.submit``."""
    return engine().submit(
        key,
        work,
        session=session(),
        address=st.context.ip_address,
        channel=channel,
        errand=errand,
        background=background,
        budget=budget,
    )


def capitalised(sentence: str) -> str:
    """With a capital at its beginning, unless that is an address or the path of a file."""
    first = sentence.partition(" ")[0]
    return sentence if set("./\\") & set(first) else sentence[:1].upper() + sentence[1:]


def attempt(key: str, work: Callable[[Reporter], T], **options: Any) -> T | None:
    """``compute`` for one part of a page: a program error costs this part only, and gives None."""
    try:
        return compute(key, work, **options)
    except Exception:  # already shown on the page
        log.exception("%s failed", options["doing"])
        return None


def say_notices(key: str) -> None:
    """The notices of a kept result, for places that are redrawn once it is there."""
    told = engine().notices(key)
    if told:
        st.caption("  \n".join(told))


def _wait(
    ticket: Ticket,
    slot: st.delta_generator.DeltaGenerator,
    what: tuple[str, str],
    doing: str,
    words: Words,
    watch: Callable[[object], object] | None,
) -> None:
    """Wait for ``ticket``; each read of the state lets Streamlit end this run for a newer one.

    The bar is sent at most twice a second, and only when it has changed. More messages would keep a slow
    browser from everything else: on a first visit it would show no pictures until the work ends.
    """
    begun = time.monotonic()
    bar = None
    seen = None
    sent = None
    sent_at = 0.0
    while not ticket.wait(0.05):
        st.session_state.get("_session")
        if watch is not None and ticket.shown is not seen:
            seen = ticket.shown
            watch(seen)
        if bar is None and time.monotonic() - begun > PATIENCE:
            with slot.container(horizontal=True, vertical_alignment="bottom"):
                bar = st.progress(0.0, doing)
                buttons.stop(_stop, *what, key=f"stop_{what[1]}_{what[0]}")
        if bar is not None and time.monotonic() - sent_at >= PACE:
            now = _told(ticket, doing, words)
            if now != sent:
                bar.progress(*now)
                sent = now
                sent_at = time.monotonic()


def _told(ticket: Ticket, doing: str, words: Words) -> tuple[float, str]:
    """How far the bar is, and what it says."""
    if ticket.place:
        return 0.0, f"Waiting: {ticket.place} in line before this one"
    k, n = ticket.step, ticket.total
    return (min(1.0, k / n), f"{doing}: {words(k, n)}") if n else (0.0, doing)


def _count(k: int, n: int) -> str:
    return f"{k:,} of {n:,}"


def steps(attack: Attack) -> Words:
    """How the bar counts the iterates of an attack: the first iterate of each start is not a step."""
    count = getattr(attack, "steps", 0)
    starts = getattr(attack, "restarts", 1)
    most = "" if attack.has_eps else "at most "  # a search for the smallest change may end early

    def words(k: int, n: int) -> str:
        if n != starts * (count + 1):
            return f"step {k:,} of {most}{n:,}"
        start, step = divmod(max(k - 1, 0), count + 1)
        return (f"start {start + 1} of {starts}, " if starts > 1 else "") + (
            f"step {step:,} of {count:,}"
        )

    return words


def stopped(key: str) -> bool:
    """Whether the visitor stopped this work or it ran out of time, and has not been started again."""
    return key in _stopped()


def give_up(key: str) -> None:
    """Do not run this work again unless the visitor asks for it."""
    _stopped().add(key)


def allow(key: str) -> None:
    """Let stopped work run again: the visitor has asked for it."""
    _stopped().discard(key)


def _stopped() -> set[str]:
    return st.session_state.setdefault("_stopped", set())


def _stop(key: str, channel: str) -> None:
    give_up(key)
    engine().withdraw(session(), channel)


def so_far(key: str) -> Any:
    """The last partial result of work that this visitor stopped, or that ran out of time; else None."""
    kept = st.session_state.get("_so_far", {}).values()
    return next((last for whose, last in kept if whose == key), None) if stopped(key) else None


def _keeping(
    key: str, channel: str, watch: Callable[[Any], object] | None
) -> Callable[[Any], object]:
    """``watch``, and the object is kept: one for each channel."""

    def keep(last: Any) -> None:
        st.session_state.setdefault("_so_far", {})[channel] = key, last
        if watch is not None:
            watch(last)

    return keep


def _offer_again(key: str, kept: Callable[[Any], str] | None) -> None:
    last = so_far(key)
    told = "Nothing from this run was kept." if kept is None or last is None else kept(last)
    st.info(f"Stopped. {told}")
    buttons.again(allow, key, key=f"again_{key}")


def keep_result(request: object, experiment: object) -> None:
    """Remember the last finished experiment of this session."""
    st.session_state["_last"] = (request, experiment)


def last_result() -> tuple:
    """The last finished experiment, with a caption that says so; ends the run where there is none yet."""
    if "_last" not in st.session_state:
        st.stop()
    st.caption("Below is the last finished result, from the previous settings.")
    return st.session_state["_last"]
