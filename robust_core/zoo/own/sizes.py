"""Height and width from text."""


def size_of(text: str) -> tuple[int, int]:
    """Height and width of ``224`` or ``224x160``. Raises ``ValueError`` for anything else."""
    parts = text.lower().replace(" ", "").split("x")
    if len(parts) > 2 or not all(part.isdecimal() and len(part) < 6 for part in parts):
        raise ValueError(f"the size must be as in 224 or 224x160 (height x width); got {text!r}")
    return int(parts[0]), int(parts[-1])
