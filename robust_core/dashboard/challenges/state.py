"""What a visitor has tried at each challenge: in this session alone, and nowhere else."""

from dataclasses import dataclass, field

import streamlit as st

from robust_core.words.challenges.sheet import Try

MOST = 40
"""Tries of a challenge that are kept, the newest: each has its pictures."""


@dataclass
class Record:
    """The tries at one challenge, and whether it was given up."""

    tries: list[Try] = field(default_factory=list)
    given_up: bool = False

    @property
    def solved(self) -> bool:
        """Whether a try has met the mark before anything was shown."""
        return any(one.verdict.success and not one.after_giving_up for one in self.tries)

    @property
    def mark(self) -> str:
        """An icon before its title: solved, given up, or open."""
        if self.solved:
            return ":material/check_circle: "
        return ":material/flag: " if self.given_up else ""

    def add(self, one: Try) -> None:
        """Keep one more."""
        self.tries = [*self.tries, one][-MOST:]


def record(number: int) -> Record:
    """What this visitor has done at the challenge of a number."""
    return st.session_state.setdefault("_challenges", {}).setdefault(number, Record())
