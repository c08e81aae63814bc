"""What a stranger's file says, as text that does nothing on a page."""

import re

_MARKS = re.compile(r"([\\`*_{}\[\]<>()#+!|$~:&])")


def harmless(text: str) -> str:
    """A sentence that quotes names of files, as Markdown that shows it and does nothing else."""
    kept = "".join(c if c.isprintable() else " " for c in text)
    return _MARKS.sub(r"\\\1", kept)
