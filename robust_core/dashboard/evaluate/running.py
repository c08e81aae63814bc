"""Running the rows of the page Evaluate, one after another behind everybody's pictures; stop, and go on."""

import logging
import time
from collections.abc import Callable, Sequence
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from robust_core.dashboard import lab
from robust_core.dashboard.components import buttons
from robust_core.dashboard.evaluate.plan import Measured, Part, Row
from robust_core.engine import Abandoned, OutOfMemory, OutOfTime, Ticket, key_of
from robust_core.engine.errors import Busy
from robust_core.words.models import title

CHANNEL = "evaluate"
BUDGET = 3600.0
"""Seconds that one row may compute: it gives way to everything else, and can be stopped."""
MOST_KEPT = 1000
"""Results that a session keeps by itself, whatever the cache forgets."""
WAITING, STOPPED = "waiting", "stopped"

log = logging.getLogger(__name__)


def rows_of(parts: Sequence[Part]) -> list[Row]:
    """The table as it stands."""
    return [
        Row(part, place, _known(part), _failed().get(part.key, WAITING))
        for part in parts
        for place in range(len(part.shown))
    ]


def is_asked(parts: Sequence[Part]) -> bool:
    """Whether the visitor has asked for these rows, and has not stopped them."""
    return _name(parts) in st.session_state.get("_evaluate_asked", ())


def missing(parts: Sequence[Part]) -> list[Part]:
    """Those without a result, but for those that failed."""
    return [part for part in parts if _known(part) is None and part.key not in _failed()]


def offer(parts: Sequence[Part], place: DeltaGenerator) -> None:
    """The button that begins, or goes on; a sentence where nothing is left to do."""
    left = len(missing(parts))
    failed = [part for part in parts if part.key in _failed()]
    if failed and not left:
        with place.container():
            buttons.again(_forget, failed, key="evaluate_again")
    if not left or is_asked(parts):
        return
    begun = left < len(parts) or any(part.key in _batches() for part in parts)
    label = f"Go on: {left} of {len(parts)} left" if begun else f"Evaluate: {len(parts)} to run"
    with place.container():
        buttons.begin(label, _ask, parts, key="evaluate_begin", type="primary")
        for part in parts:
            if part.key in _batches() and _known(part) is None:
                st.caption(_kept_of(part))


def _kept_of(part: Part) -> str:
    """How many pictures of a row that was stopped are kept: those of whole batches."""
    kept = sum(last - first for _, first, last in _batches()[part.key])
    of = f"{kept:,} of {len(part.setup.pictures.labels):,} pictures kept"
    return f"{about(part)}: {of}. A batch that was cut off starts over."


def fill(parts: Sequence[Part], place: DeltaGenerator, draw: Callable[[], object]) -> None:
    """Compute what is missing, with a bar and a button that stops it; ``draw`` is called after each."""
    left = missing(parts)
    if not left or not is_asked(parts):
        return
    with place.container(horizontal=True, vertical_alignment="bottom"):
        bar = st.progress(0.0, "Evaluating")
        buttons.stop(_stop, parts, key="evaluate_stop")
    for part in left:
        before = 1 - len(missing(parts)) / len(parts)
        if not _run(part, partial(_tell, bar, part, before, 1 / len(parts))):
            break
        draw()
    lab.settle()
    place.empty()


def _run(part: Part, tell: Callable[[Ticket], object]) -> bool:
    """Compute one part; False where nothing more can be asked for now."""
    finished = _batches().setdefault(part.key, {})
    try:
        ticket = lab.ask(
            part.key,
            partial(part.work, finished=finished),
            channel=CHANNEL,
            background=True,
            budget=BUDGET,
        )
    except Busy as error:
        st.warning(str(error))
        return False
    with ticket:
        told_at = 0.0
        while not ticket.wait(0.05):
            st.session_state.get("_session")  # lets Streamlit end this run for a newer one
            if time.monotonic() - told_at >= lab.PACE:
                tell(ticket)
                told_at = time.monotonic()
        return _settle(part, ticket)


def _settle(part: Part, ticket: Ticket) -> bool:
    """Keep the result, or why there is none; False where the visitor has moved on."""
    try:
        kept = st.session_state.setdefault("_evaluate_known", {})
        kept[part.key] = ticket.result()
        for key in list(kept)[:-MOST_KEPT]:
            del kept[key]
    except Abandoned:
        return False
    except OutOfMemory:
        _failed()[part.key] = lab.NO_MEMORY
    except (OutOfTime, ValueError) as error:
        _failed()[part.key] = lab.capitalised(str(error))
    except Exception as error:  # a program error costs this row only
        log.exception("%s failed", part.kind.name)
        _failed()[part.key] = f"This did not work ({type(error).__name__})."
    _batches().pop(part.key, None)
    return True


def _tell(bar: DeltaGenerator, part: Part, before: float, share: float, ticket: Ticket) -> None:
    """What runs, and how far it is."""
    if ticket.place:
        bar.progress(before, f"Waiting: {ticket.place} in line before this one")
        return
    k, n = ticket.step, ticket.total or len(part.setup.pictures.labels)
    step = f", step {ticket.shown:,}" if ticket.shown else ""
    told = f"{about(part)}: {k:,} of {n:,} pictures{step}"
    bar.progress(min(1.0, before + share * k / n), told)


def about(part: Part) -> str:
    """``PGD at 0.1, behind JPEG compression, aware attacker``."""
    eps = f" at {part.shown[0]:g}" if part.kind.has_eps else ""
    if not part.behind:
        return f"{part.kind.title}{eps} on {title(part.setup.model.name)}"
    return f"{part.kind.title}{eps}, behind {part.behind}, {part.attacker} attacker"


def _known(part: Part) -> Measured | None:
    """A result of this session, or one that the engine has."""
    kept: dict[str, Measured] = st.session_state.get("_evaluate_known", {})
    return kept.get(part.key) or lab.engine().peek(part.key)


def _name(parts: Sequence[Part]) -> str:
    return key_of(asked=[part.key for part in parts])


def _ask(parts: Sequence[Part]) -> None:
    st.session_state.setdefault("_evaluate_asked", set()).add(_name(parts))


def _forget(failed: Sequence[Part]) -> None:
    """Let rows run again that failed."""
    for part in failed:
        _failed().pop(part.key, None)


def ask_once(parts: Sequence[Part]) -> None:
    """Begin without a click, unless the visitor has had these rows before, and perhaps stopped them."""
    seen: set[str] = st.session_state.setdefault("_evaluate_begun", set())
    if _name(parts) not in seen:
        seen.add(_name(parts))
        _ask(parts)


def _stop(parts: Sequence[Part]) -> None:
    """What is done stays: rows, and the batches of the row that ran."""
    st.session_state.get("_evaluate_asked", set()).discard(_name(parts))
    lab.engine().withdraw(lab.session(), CHANNEL)


def _failed() -> dict[str, str]:
    return st.session_state.setdefault("_evaluate_failed", {})


def _batches() -> dict[str, dict]:
    """The batches that are done of rows that are not, by the key of the row."""
    return st.session_state.setdefault("_evaluate_batches", {})
