"""Hyper-parameters: dataclass fields with units, ranges and help, checked when they are set."""

import math
import types
import typing
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any, Self, TypeVar

T = TypeVar("T", bound="Parameters")


def parameter(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple | None = None,
    unit: str = "",
    above: float | None = None,
    method: str | None = None,
) -> Any:
    """A hyper-parameter with all that a control needs: range, choices, unit, help.

    ``low`` and ``high`` bound the values that are *allowed*; ``above`` is an open lower bound;
    ``choices`` lists them, for words always and for numbers where only a few exist. A field
    of type ``object`` holds an object with this ``method``; it is left out of ``repr``.
    """
    metadata = {
        "help": help,
        "low": low,
        "high": high,
        "above": above,
        "choices": choices,
        "unit": unit,
        "method": method,
    }
    return field(default=default, metadata=metadata, repr=method is None)


def automatic(help: str, high: float, unit: str = "") -> Any:
    """A positive hyper-parameter that is chosen for the pictures at hand where it is empty (None)."""
    return parameter(None, help, above=0.0, high=high, unit=unit)


class HasField:
    """A property of a dataclass and its instances: whether it has a field of that name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, _: object, owner: "type[Parameters]") -> bool:
        return self.name in owner.__dataclass_fields__  # pages ask thousands of times


@dataclass(frozen=True)
class Paper:
    """Where a method comes from."""

    authors: str
    year: int
    title: str
    link: str

    def __str__(self) -> str:
        return f"{self.authors}, {self.year}: {self.title}"


@dataclass(frozen=True, kw_only=True)
class Parameters:
    """Base of everything with hyper-parameters: its fields, each made by ``parameter``.

    Raises ``ValueError`` for a value that is not allowed, naming the field and the allowed values.
    """

    def __post_init__(self) -> None:
        for spec in fields(self):
            object.__setattr__(self, spec.name, check_field(spec, getattr(self, spec.name)))

    @property
    def parameters(self) -> dict[str, Any]:
        """The hyper-parameters by name, as plain values; an object, such as a detector, as its name."""
        values = {spec.name: getattr(self, spec.name) for spec in fields(self)}
        return {name: _plain(value) for name, value in values.items()}

    def changed(self, **values: object) -> Self:
        """A copy with other values of some fields, checked as usual: for code given any subclass."""
        return replace(self, **values)


def make(name: str, kind: type[T], values: dict[str, Any]) -> T:
    """``kind(**values)``. Raises ``ValueError`` for an unknown field, naming the existing ones."""
    allowed = [spec.name for spec in fields(kind)]
    unknown = [key for key in values if key not in allowed]
    if unknown:
        takes = f"it takes {', '.join(allowed)}" if allowed else "it takes none"
        raise ValueError(f"{name} has no {', '.join(unknown)}; {takes}")
    return kind(**values)


def _plain(value: object) -> object:
    """``dataclasses.asdict`` would copy a detector with all its weights."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return getattr(value, "name", type(value).__name__)


def check_field(spec: Field, value: object) -> object:
    """Return ``value`` as the field's type; raise ``ValueError`` where it is not allowed."""
    kinds = typing.get_args(spec.type) if isinstance(spec.type, types.UnionType) else (spec.type,)
    if value is None and type(None) in kinds:
        return None
    kind = next(k for k in kinds if k is not type(None))
    limits = spec.metadata
    if kind is object:
        if not callable(getattr(value, limits["method"], None)):
            raise ValueError(
                f"{spec.name} must be an object with a method {limits['method']}; got {value!r}"
            )
        return value
    if kind is bool:
        if not isinstance(value, bool):
            raise ValueError(f"{spec.name} must be True or False; got {value!r}")
        return value
    if limits.get("choices") is not None:
        if isinstance(value, bool) or value not in limits["choices"]:
            raise ValueError(
                f"{spec.name} must be one of {', '.join(map(str, limits['choices']))}; got {value!r}"
            )
        return kind(value)
    return _check_number(spec.name, kind, value, limits)


def _check_number(name: str, kind: type, value: object, limits: typing.Mapping) -> float | int:
    low, above, high = limits.get("low"), limits.get("above"), limits.get("high")
    wanted = "a whole number" if kind is int else "a number"
    if low is not None:
        wanted += f" from {low:g} to {high:.10g}" if high is not None else f" of {low:g} or more"
    elif above is not None:
        wanted += f" above {above:g}" + (f", at most {high:.10g}" if high is not None else "")
    complaint = ValueError(f"{name} must be {wanted}; got {value!r}")
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError, RuntimeError):  # the last two: huge; a tensor
        raise complaint from None
    if isinstance(value, (bool, str)) or not math.isfinite(number):
        raise complaint
    if kind is int and number != int(number):
        raise complaint
    if (
        (low is not None and number < low)
        or (above is not None and number <= above)
        or (high is not None and number > high)
    ):
        raise complaint
    return kind(number) if kind is float else int(value)  # type: ignore[call-overload]
