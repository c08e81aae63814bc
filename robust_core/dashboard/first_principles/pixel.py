"""Which value of the picture: the steepest one, unless a row, a column or a colour is named."""

import streamlit as st

from robust_core.dashboard.choices import choose_in_list
from robust_core.dashboard.first_principles.subject import CHANNELS
from robust_core.zoo import Description

Where = tuple[int | None, int | None, int | None]
"""Channel, row and column; None: any."""
AUTO = "auto"


def choose(model: Description, name: str, title: str) -> Where:
    """Fields in a row; left alone, they mean the value whose slope is steepest."""
    height, width = model.input_size
    colours = CHANNELS.get(model.channels, ())
    st.markdown(f":small[{title}; auto: the steepest slope]")
    places = st.columns(3 if colours[1:] else 2, gap="xsmall")
    with places[0]:
        row = _field("Row", f"{name}_row", height)
    with places[1]:
        column = _field("Column", f"{name}_column", width)
    if not colours[1:]:
        return None, row, column
    with places[2]:
        return _field("Colour", f"{name}_colour", len(colours), colours), row, column


def _field(label: str, key: str, count: int, words: tuple[str, ...] = ()) -> int | None:
    options = [AUTO, *map(str, range(count))]

    def shown(option: str) -> str:
        return words[int(option)] if words and option != AUTO else option

    chosen = choose_in_list(label, options, key, AUTO, shown=shown)
    return None if chosen == AUTO else int(chosen)
