"""Markdown: tables, and numbers as the documents write them."""

from collections.abc import Iterable, Sequence

from robust_core.parameters import Paper


def table(heads: dict[str, str], rows: Iterable[Sequence[object]]) -> str:
    """A table. ``heads`` gives each column's alignment, "l" or "r"; None becomes an empty cell."""
    marks = {"l": "---", "r": "--:"}
    lines = [heads, [marks[side] for side in heads.values()], *rows]
    return "\n".join(f"| {' | '.join(map(cell, line))} |" for line in lines)


def cell(value: object) -> str:
    """The text of a cell: no line break, and no bar that would end it."""
    return "" if value is None else " ".join(str(value).split()).replace("|", r"\|")


def percent(share: float | None, digits: int = 2) -> str:
    """``91.96 %``; empty for None."""
    return "" if share is None else f"{100 * share:.{digits}f} %"


def number(value: float | None, form: str = ".3g") -> str:
    """A number in the given format; empty for None."""
    return "" if value is None else format(value, form)


def cite(paper: Paper | None) -> str:
    """``[Madry et al., 2018](link)``; empty for None."""
    if paper is None:
        return ""
    names = paper.authors.split(", ")
    who = f"{names[0]} et al." if len(names) > 2 else " and ".join(names)
    return f"[{who}, {paper.year}]({paper.link})"
