"""The registry: names in order, sentences for mistakes, entries for a while."""

from dataclasses import dataclass

import pytest

from robust_core.parameters import Parameters, parameter
from robust_core.registry import Registry


@dataclass(frozen=True)
class Record:
    name: str
    size: int = 0


@dataclass(frozen=True, kw_only=True)
class Blur(Parameters):
    name = "blur"

    radius: int = parameter(1, "How far.", low=0, high=9)


@pytest.fixture
def records() -> Registry[Record]:
    return Registry("colour", (Record("red"), Record("blue")))


def test_it_keeps_the_order(records):
    green = records.register(Record("green"))
    assert records.names() == ["red", "blue", "green"]
    assert [record.name for record in records] == records.names()
    assert len(records) == 3
    assert records.get("green") is green
    assert "green" in records
    assert "grey" not in records


def test_names_are_a_list_of_the_callers_own(records):
    records.names().clear()
    assert records.names() == ["red", "blue"]


@pytest.mark.parametrize("name", ["", "Red", None, 3, ["red"]])
def test_an_unknown_name_lists_the_known_ones(records, name):
    with pytest.raises(ValueError, match=r"^colour must be one of red, blue; got "):
        records.get(name)


def test_an_empty_one_says_so():
    with pytest.raises(ValueError, match="nothing is registered"):
        Registry("colour").get("red")


def test_a_name_is_taken_once(records):
    with pytest.raises(ValueError, match=r"^colour 'red' is already registered$"):
        records.register(Record("red", 2))
    assert records.get("red").size == 0


def test_another_key_than_the_name():
    sizes = Registry("size", (Record("red", 3), Record("blue", 5)), key=lambda record: record.size)
    assert sizes.get(5).name == "blue"


def test_for_a_while(records):
    with records.temporarily(Record("red", 7), Record("green")):
        assert records.names() == ["red", "blue", "green"]
        assert records.get("red").size == 7
    assert records.names() == ["red", "blue"]
    assert records.get("red").size == 0
    with pytest.raises(RuntimeError), records.temporarily(Record("grey")):
        raise RuntimeError
    assert "grey" not in records


def test_classes_are_made_by_their_names():
    filters = Registry("filter", (Blur,))
    assert filters.create("blur", radius=3) == Blur(radius=3)
    with pytest.raises(ValueError, match=r"^blur has no size; it takes radius$"):
        filters.create("blur", size=3)
    with pytest.raises(ValueError, match=r"^filter must be one of blur; got 'sharpen'$"):
        filters.create("sharpen")
