"""Tables of the detectors for tests: what a test does not say is filled in."""

from dataclasses import is_dataclass
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints, is_typeddict

from robust_core.evaluation.detector_tables.reading import read

T = TypeVar("T")
EMPTY: dict[type, Any] = {str: "", int: 1, float: 0.5, list: [], dict: {}}


def completed(kind: Any, known: Any = None) -> Any:
    """``known``, part of a value as it is in the file, with all keys of ``kind``."""
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if is_dataclass(kind) or is_typeddict(kind):
        known = known or {}
        return known | {k: completed(t, known.get(k)) for k, t in get_type_hints(kind).items()}
    if origin is UnionType:
        (other,) = (each for each in inner if each is not NoneType)
        return None if known is None else completed(other, known)
    if known is None:
        return EMPTY[origin]
    if inner and origin is list:
        return [completed(inner[0], each) for each in known]
    if inner and origin is dict:
        return {key: completed(inner[1], each) for key, each in known.items()}
    return known


def table(kind: type[T], **known: Any) -> T:
    """A table or row with these values, as in the file."""
    return read(kind, completed(kind, known))
