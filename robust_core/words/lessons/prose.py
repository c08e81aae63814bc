"""A lesson's prose, in the file beside its computations: what a teacher may want to reword without code.

The file has a table for each step, by the name of the function that finds its result, in their order:
``goal``, ``text``, ``question``, ``choices``, ``hint`` and ``takeaway``, all Markdown.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from robust_core.progress import Progress
from robust_core.words.lessons.step import Control, Found, Onward, Step


@dataclass(frozen=True)
class Part:
    """A step without its prose.

    ``numbers`` fill the places in braces of text, question and hint, by their names. ``choices`` are
    given where the prose has none, as they are made of results.
    """

    find: Callable[[Any, Progress | None], Found]
    control: Control | None = None
    onward: Onward | None = None
    choices: tuple[str, ...] = ()
    numbers: Mapping[str, object] = field(default_factory=dict)


def steps(lesson: str, *parts: Part) -> tuple[Step, ...]:
    """The steps of ``lesson``: its parts with the prose of ``lesson.toml``.

    Raises ``ValueError`` where parts and prose are not of the same steps in the same order.
    """
    path = Path(__file__).with_name(f"{lesson}.toml")
    prose = tomllib.loads(path.read_text(encoding="utf-8"))
    names = [part.find.__name__ for part in parts]
    if names != list(prose):
        raise ValueError(f"{path.name} must be about {', '.join(names)}; got {', '.join(prose)}")
    return tuple(_step(part, prose[name]) for part, name in zip(parts, names, strict=True))


def _step(part: Part, prose: dict[str, Any]) -> Step:
    words = dict(prose)
    words["choices"] = tuple(words.get("choices", part.choices))
    if part.numbers:
        for name in ("text", "question", "hint"):
            words[name] = words[name].format(**part.numbers)
    return Step(find=part.find, control=part.control, onward=part.onward, **words)
