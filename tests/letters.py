"""Charts whose letters are too small to read."""

from collections.abc import Iterator
from typing import Any

from robust_core.dashboard.plots import TEXT


def small_letters(spec: Any, where: str = "") -> Iterator[str]:
    """The places in a chart's specification with letters below the smallest size, or of no fixed size."""
    if isinstance(spec, dict):
        cells = spec.get("type") == "heatmap" and "texttemplate" in spec
        if cells and "size" not in spec.get("textfont", {}):
            yield f"{where}: cells shrink their text"
        for key, value in spec.items():
            if key.endswith("font") and isinstance(value, dict):
                sizes = value.get("size", TEXT)
                if any(size < TEXT for size in (sizes if isinstance(sizes, list) else [sizes])):
                    yield f"{where}.{key}: {sizes}"
            yield from small_letters(value, f"{where}.{key}")
    elif isinstance(spec, list | tuple):
        for index, value in enumerate(spec):
            yield from small_letters(value, f"{where}[{index}]")
