"""Progress: how a long computation reports its steps, and is stopped."""

from collections.abc import Callable

Progress = Callable[[int, int], object]
"""Called as ``progress(steps done, steps in all)``; what it raises ends the computation."""

Pieces = Callable[[str, int, int], object]
"""The same for work of many kinds: called as ``pieces(what is done now, steps done, steps in all)``."""


def counter(progress: Progress | None, total: int) -> Callable[[], None]:
    """Report step 0 of ``total`` to ``progress`` now, and one more step at each call."""
    done = 0
    if progress is not None:
        progress(done, total)

    def tell() -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    return tell


def part(progress: Progress | None, before: int, total: int) -> Progress | None:
    """``progress`` for a part of a computation of ``total`` steps that begins after ``before`` of them."""
    return progress and (lambda done, _: progress(before + done, total))
