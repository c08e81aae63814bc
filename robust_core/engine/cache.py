"""Finished results; the least recently used are evicted when the memory limit is reached."""

import sys
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from types import ModuleType
from typing import Any

import numpy as np
from torch import Tensor

MISSING = object()


def nbytes(thing: object, skip: tuple[type, ...] = ()) -> int:
    """The bytes that keeping ``thing`` keeps alive, without objects of the types ``skip``.

    Walks dataclasses, tuples, lists, sets, dictionaries, arrays, tensors, bytes, strings and the
    attributes of other objects. What is reached twice counts once, and a view counts as its whole
    underlying memory, because a kept view keeps all of it.
    """
    total = 0
    seen: set[int] = set()
    waiting = [thing]
    while waiting:
        item = waiting.pop()
        if id(item) not in seen and not isinstance(item, skip):
            seen.add(id(item))
            size, inside = _open(item, seen)
            total += size
            waiting.extend(inside)
    return total


def _open(item: object, seen: set) -> tuple[int, list]:
    """The bytes of ``item`` itself, and the objects inside it."""
    if isinstance(item, Tensor):
        grad = item.grad if item.is_leaf else None  # of others torch warns, and keeps none
        return _tensor_bytes(item, seen), [] if grad is None else [grad]
    if isinstance(item, np.ndarray):
        if isinstance(item.base, np.ndarray | Tensor | bytes | bytearray):
            return 0, [item.base]
        return item.nbytes, list(item.flat) if item.dtype.hasobject else []
    size = sys.getsizeof(item, 0)
    if isinstance(item, memoryview):
        return size, [item.obj]
    if isinstance(item, dict):
        return size, [*item.keys(), *item.values()]
    if isinstance(item, list | tuple | set | frozenset):
        return size, list(item)
    if isinstance(item, type | ModuleType):
        return 0, []  # shared by the whole program, kept alive without us
    if is_dataclass(item):
        return size, [getattr(item, field.name, None) for field in fields(item)]
    return size, [*getattr(item, "__dict__", {}).values()]


def _tensor_bytes(tensor: Tensor, seen: set) -> int:
    try:
        storage = tensor.untyped_storage()
    except (NotImplementedError, RuntimeError):  # sparse and other layouts without one storage
        return tensor.element_size() * tensor.numel()
    place = (str(tensor.device), storage.data_ptr())
    if place in seen:
        return 0
    seen.add(place)
    return storage.nbytes()


class Cache:
    """Values by key, together at most ``limit`` bytes. Not locked: the engine's lock guards it."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.bytes = 0
        self._entries: OrderedDict[str, tuple[object, int]] = OrderedDict()

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._entries))

    def get(self, key: str) -> Any:
        """The value, now the most recently used one, or ``MISSING``."""
        if key not in self._entries:
            return MISSING
        self._entries.move_to_end(key)
        return self._entries[key][0]

    def put(self, key: str, value: object, size: int) -> None:
        """Keep ``value`` of ``size`` bytes, unless it alone exceeds the limit."""
        if size > self.limit:
            return
        self.drop(key)
        self.bytes += size
        self._entries[key] = (value, size)
        while self.bytes > self.limit:
            self.bytes -= self._entries.popitem(last=False)[1][1]

    def drop(self, key: str) -> None:
        """Forget one value, if it is there."""
        self.bytes -= self._entries.pop(key, (None, 0))[1]

    def clear(self) -> None:
        self._entries.clear()
        self.bytes = 0
