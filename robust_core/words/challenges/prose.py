"""The prose of the ladder, in ``rungs.toml``: what a teacher may want to reword without code."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from robust_core.evaluation.challenges.ladder import LADDER
from robust_core.evaluation.challenges.ways import Way

WAYS = {
    Way.TRANSFER: "the undefended network (transfer)",
    Way.AS_IT_IS: "the deployed defence, as it is",
    Way.THROUGH: "a way through the filter (BPDA)",
    Way.AVERAGED: "the mean over random draws (EOT)",
    Way.LOGITS: "the logits before they were scaled up",
}
MISSING = {
    Way.THROUGH: "No filter blocks the gradient here",
    Way.AVERAGED: "There are no random draws here to average",
    Way.LOGITS: "There are no scaled logits here",
}
"""Said where a defence has nothing that the way is about."""


@dataclass(frozen=True)
class Prose:
    """``story``: why one might trust the defence. ``hint``: where to look. ``why``: what breaks it."""

    story: str
    hint: str
    why: str


def _read() -> dict[int, Prose]:
    path = Path(__file__).with_name("rungs.toml")
    found = tomllib.loads(path.read_text(encoding="utf-8"))
    return {one.number: Prose(**found[str(one.number)]) for one in LADDER}


PROSE = _read()
"""By the number of the challenge."""
