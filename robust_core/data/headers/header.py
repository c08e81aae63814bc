"""What the walk through a file finds."""

from dataclasses import dataclass, field

MEGAPIXEL = 10**6


@dataclass(frozen=True)
class Header:
    """The size that a file declares, what decoding it costs at most, and the file to decode."""

    kind: str
    width: int
    height: int
    cleaned: bytes = field(repr=False)
    """The file without what the pixels do not need."""
    memory: int
    """Bytes that decoding takes at most."""
    quick: bool
    """Whether decoding is sure to end soon, so that there is no need to be able to stop it."""
    animated: bool = False
    open_end: bool = False
    """A JPEG without its end marker: it may be cut off."""
