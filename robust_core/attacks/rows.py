"""Rows: the state of several pictures, each of which may leave or restart on its own."""

from dataclasses import dataclass, fields
from typing import Self

from torch import Tensor


@dataclass
class Rows:
    """State of some pictures: every field is a tensor whose first axis is the picture."""

    def __getitem__(self, rows: Tensor) -> Self:
        return type(self)(**{f.name: getattr(self, f.name)[rows] for f in fields(self)})

    def only(self, on: Tensor) -> Self:
        """Those that are ``on`` (bool ``[n]``); itself, without copies, where all are."""
        return self if on.all() else self[on]
