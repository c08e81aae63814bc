"""What a step of a lesson is, and what it finds: a question, its choices, the result that answers it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from robust_core.experiment.pixels import Ascent
from robust_core.progress import Progress


@dataclass(frozen=True)
class Bar:
    """A share in [0, 1] with its name and its number in words.

    ``kind`` is what its colour means: "clean", "adversarial", "defended", "detector", or "".
    """

    name: str
    share: float
    words: str
    kind: str = ""


@dataclass(frozen=True)
class Bars:
    """Shares below each other, of one thing that ``title`` names."""

    title: str
    rows: tuple[Bar, ...]


@dataclass(frozen=True)
class Picture:
    """Pixels, uint8 ``[h, w, c]``, with what is written below them; ``kind`` as in ``Bar``."""

    pixels: np.ndarray
    words: str
    kind: str = ""


@dataclass(frozen=True)
class Pictures:
    """Pictures beside each other."""

    cells: tuple[Picture, ...]


@dataclass(frozen=True)
class TwoWays:
    """The curve on which descent and ascent are drawn."""


Figure = Bars | Pictures | TwoWays | Ascent


@dataclass(frozen=True)
class Found:
    """The result of a step: which choice is ``right``, what is ``told``, and under which conditions.

    ``told`` and ``conditions`` are Markdown; all their numbers are of this result.
    """

    right: int
    told: str
    conditions: str
    figures: tuple[Figure, ...] = ()


@dataclass(frozen=True)
class Control:
    """What may be changed once the question is answered: values with their words.

    The question is about ``start``.
    """

    label: str
    options: Mapping[Any, str]
    start: Any


@dataclass(frozen=True)
class Onward:
    """A page that shows the same with all its settings, the words of the link, and its query."""

    page: str
    words: str
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """One step: ``find(value, progress)`` computes or reads its result for a value of its ``control``."""

    goal: str
    text: str
    question: str
    hint: str
    choices: tuple[str, ...]
    takeaway: str
    find: Callable[[Any, Progress | None], Found]
    control: Control | None = None
    onward: Onward | None = None
    minutes: float = 1.5

    @property
    def start(self) -> Any:
        """The value that the question is about; None without a control."""
        return None if self.control is None else self.control.start


def of_count(count: float, n: int) -> str:
    """``12 of 200 (6.0 %)``."""
    return f"{count:,.0f} of {n:,} ({100 * count / n:.1f} %)"
