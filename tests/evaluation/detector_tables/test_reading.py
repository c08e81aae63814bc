"""Dataclasses from JSON: what was written comes back, and what does not fit is said."""

import json
from dataclasses import asdict, dataclass, field
from typing import TypedDict

import pytest

from robust_core.evaluation.detector_tables.reading import read


class Shares(TypedDict):
    found: float | None


@dataclass(frozen=True)
class Inner:
    name: str
    shares: Shares


@dataclass(frozen=True)
class Outer:
    n: int
    eps: float | None
    grid: list[list[Shares]]
    named: dict[str, Inner]
    parameters: dict
    later: dict[str, int] = field(default_factory=dict)


ONE = Outer(1, 0.5, [[{"found": None}]], {"a": Inner("b", {"found": 1})}, {"x": [None, "y"]})


def written(**changes) -> dict:
    return json.loads(json.dumps(asdict(ONE))) | changes


def test_what_was_written_comes_back():
    assert read(Outer, written()) == ONE
    assert read(Outer, written(eps=None)).eps is None
    assert type(read(Outer, written(eps=1)).eps) is int


def test_later_fields_and_unknown_keys_may_differ():
    old = written(command="x")
    del old["later"]
    assert read(Outer, old) == ONE


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ([], "Outer must be dict"),
        (written(n=None), "Outer.n must be int"),
        (written(n=True), "Outer.n must be int"),
        (written(n=1.5), "Outer.n must be int"),
        (written(eps="0.5"), "Outer.eps must be float"),
        (written(grid=[{}]), "Outer.grid must be list"),
        (written(grid=[[{}]]), "Outer.grid has no found"),
        (written(named={"a": {"name": "b"}}), "Outer.named.a has no shares"),
        ({"n": 1}, "Outer has no eps"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_said(value, words):
    with pytest.raises(ValueError, match=words):
        read(Outer, value)
