"""Where an idea puts its controls and what it says while it computes."""

from dataclasses import dataclass

from streamlit.delta_generator import DeltaGenerator


@dataclass(frozen=True)
class Places:
    """The essential controls, those below them, and the top of the results."""

    essentials: DeltaGenerator
    more: DeltaGenerator
    status: DeltaGenerator
