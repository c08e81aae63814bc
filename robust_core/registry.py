"""Registry: entries by name, either classes (attacks, defences) or records (data sets)."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from operator import attrgetter
from typing import Any, Generic, TypeVar

from robust_core.parameters import make

T = TypeVar("T")


class Registry(Generic[T]):
    """Entries under their names, in the order in which they were registered.

    Iterating gives the entries; ``in`` checks for a name.

    Args:
        what: the word that names an entry in a sentence, such as "attack".
        entries: the first entries.
        key: gives the name of an entry; None: its attribute ``name``.
    """

    def __init__(
        self, what: str, entries: Iterable[T] = (), *, key: Callable[[T], str] | None = None
    ) -> None:
        self.what = what
        self._key = key or attrgetter("name")
        self._entries: dict[str, T] = {}
        for entry in entries:
            self.register(entry)

    def register(self, entry: T) -> T:
        """Add ``entry`` at the end, and return it. Raises ``ValueError`` for a name that is taken."""
        name = self._key(entry)
        if name in self._entries:
            raise ValueError(f"{self.what} {name!r} is already registered")
        self._entries[name] = entry
        return entry

    @contextmanager
    def temporarily(self, *entries: T) -> Iterator[None]:
        """Within the ``with`` block ``entries`` are registered too, replacing any of the same name."""
        before = self._entries
        self._entries = before | {self._key(entry): entry for entry in entries}
        try:
            yield
        finally:
            self._entries = before

    def names(self) -> list[str]:
        """The registered names, in a new list."""
        return list(self._entries)

    def get(self, name: str) -> T:
        """The entry of that name. Raises ``ValueError`` naming the allowed ones."""
        try:
            return self._entries[name]
        except (KeyError, TypeError):  # the latter: not hashable
            allowed = ", ".join(self._entries) or "(nothing is registered)"
            raise ValueError(f"{self.what} must be one of {allowed}; got {name!r}") from None

    def create(self, name: str, /, **hyper_parameters: Any) -> Any:
        """An instance by name, where the entries are ``Parameters`` classes.

        Raises ``ValueError`` for an unknown name, field or value.
        """
        kind: Any = self.get(name)
        return make(name, kind, hyper_parameters)

    def __iter__(self) -> Iterator[T]:
        return iter(self._entries.values())

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, name: object) -> bool:
        return name in self._entries
