"""Findings that are looked up by name."""

from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar


class HasName(Protocol):
    """Whatever has a name."""

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=HasName)


@dataclass(frozen=True)
class Named(Generic[N]):
    """Several findings, ``each`` with a name of its own: ``findings["name"]`` is one of them."""

    each: tuple[N, ...]

    def __getitem__(self, name: str) -> N:
        return next(one for one in self.each if one.name == name)
