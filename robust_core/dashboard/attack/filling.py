"""The computations behind the strip of defences: which are missing, and a moment of waiting for them."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import streamlit as st

from robust_core.dashboard import lab
from robust_core.dashboard.attack.answers import Answer
from robust_core.dashboard.compared_defense import ComparedDefense
from robust_core.defenses import Defense
from robust_core.engine import Abandoned, Reporter, Ticket
from robust_core.engine.errors import Busy
from robust_core.experiment.defended import Attacker
from robust_core.experiment.perform import Experiment

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """One computation of the strip, whose progress is shown in one line of one cell."""

    row: ComparedDefense
    attacker: Attacker
    key: str
    work: Callable[[Reporter], Any]
    done: str = ""
    """How far it is."""


@dataclass(frozen=True)
class Filling:
    """The strip of one experiment; ``known`` keeps its answers, whatever the engine's cache forgets."""

    experiment: Experiment
    rows: Sequence[ComparedDefense]
    """Those that can run."""
    known: dict[str, Answer]

    def answers(self, row: ComparedDefense) -> dict[Attacker, Answer]:
        """What is known of one defence."""
        keys = {attacker: row.trial_key(attacker) for attacker in Attacker}
        for key in keys.values():
            kept = None if key in self.known else lab.engine().peek(key)
            if kept is not None:
                self.known[key] = Answer.of(kept)
        return {attacker: self.known[key] for attacker, key in keys.items() if key in self.known}

    def missing(self) -> Iterator[Part]:
        """What is not there and has not been given up; what the aware attacker takes comes last."""
        if not self.rows:
            return
        for attacker in Attacker:
            for row in self.rows:
                key = row.trial_key(attacker)
                if attacker in self.answers(row) or lab.stopped(key) or lab.stopped(row.key):
                    continue
                before = lab.engine().peek(row.key)
                if before is None:
                    yield Part(row, attacker, row.key, row.look)
                    before = lab.engine().peek(row.key)
                if before is not None:
                    work = partial(row.try_out, attacker, before, self.experiment)
                    yield Part(row, attacker, key, work)
        # The one answer of the page Compare defences that the strip does not show.
        bare = ComparedDefense(Defense, self.rows[0].request, None)
        if lab.engine().peek(bare.key) is None and not lab.stopped(bare.key):
            yield Part(bare, Attacker.UNAWARE, bare.key, bare.look)

    def is_missing(self) -> bool:
        """Whether anything is."""
        return next(self.missing(), None) is not None

    def go_on(self, channel: str, seconds: float) -> Part | None:
        """Compute what is missing in the background, for so many seconds; then what is under way.

        What is under way goes on for a moment without anybody waiting, until the next call or the end of
        the visit.
        """
        until = time.monotonic() + seconds
        for part in self.missing():
            try:
                ticket = lab.ask(part.key, part.work, channel=channel, background=True)
            except Busy:
                return None
            with ticket:
                while not ticket.wait(0.05):
                    st.session_state.get("_session")  # lets Streamlit end this run for a newer one
                    if time.monotonic() > until:
                        return _under_way(part, ticket)
                _settle(part, ticket)
        return None


def _under_way(part: Part, ticket: Ticket) -> Part:
    if not ticket.total or part.row.defense is None:
        return part
    return replace(part, done=part.row.words(part.attacker)(ticket.step, ticket.total))


def _settle(part: Part, ticket: Ticket) -> None:
    """A computation that failed is not tried again."""
    try:
        ticket.result()
    except Abandoned:
        pass
    except Exception:
        log.exception("%s failed in the strip of defences", part.row.kind.name)
        lab.give_up(part.key)
