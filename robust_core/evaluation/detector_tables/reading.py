"""Values from a JSON file as the dataclasses of which they were made."""

from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints, is_typeddict

T = TypeVar("T")
hints = cache(get_type_hints)
"""Types of the fields of a class, resolved once."""


def read(kind: type[T], value: object) -> T:
    """An object of ``kind`` from what ``json.loads`` gives; the opposite of ``dataclasses.asdict``.

    ``kind`` is a dataclass; the types of its fields are dataclasses, typed dicts, ``list[...]``,
    ``dict[str, ...]``, ``... | None``, and plain types. Keys that it does not know are left out.
    Numbers stay as they are in the file, so an int may stand where a float is declared.

    Raises ``ValueError`` where a key is missing or a value has another type.
    """
    return _read(kind, value, kind.__name__)


def _read(kind: Any, value: Any, place: str) -> Any:
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if origin is UnionType:
        (known,) = (each for each in inner if each is not NoneType)
        return None if value is None else _read(known, value, place)
    if is_dataclass(kind) or is_typeddict(kind):
        return _object(kind, _checked(dict, value, place), place)
    value = _checked(origin, value, place)
    if inner and origin is list:
        return [_read(inner[0], each, place) for each in value]
    if inner and origin is dict:
        return {key: _read(inner[1], each, f"{place}.{key}") for key, each in value.items()}
    return value


def _object(kind: Any, value: dict, place: str) -> Any:
    """A dataclass or a typed dict of the values of its fields; those with a default may be missing."""
    given = {}
    for name, inner in hints(kind).items():
        if name in value:
            given[name] = _read(inner, value[name], f"{place}.{name}")
        elif name not in _with_default(kind):
            raise ValueError(f"{place} has no {name}")
    return kind(**given)


@cache
def _with_default(kind: Any) -> frozenset[str]:
    every = fields(kind) if is_dataclass(kind) else ()
    return frozenset(f.name for f in every if (f.default, f.default_factory) != (MISSING, MISSING))


def _checked(kind: type, value: Any, place: str) -> Any:
    """``value``, if it is of a plain type."""
    allowed = (int, float) if kind is float else kind
    if not isinstance(value, allowed) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"{place} must be {kind.__name__}; got {value!r:.40}")
    return value
