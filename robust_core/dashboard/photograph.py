"""A visitor's own photograph: a model that sees enough of it looks at it, unless they chose the model."""

from dataclasses import dataclass

import streamlit as st

from robust_core import zoo
from robust_core.dashboard import fixed, settings
from robust_core.dashboard.request import Chosen
from robust_core.words.models import SMALL, sees_photographs, title

KEY = "_photograph"
"""In the session: the change of models that was made, for the sentence about it and the way back."""


@dataclass(frozen=True)
class Change:
    """From the model that the page had to the one that looks at the photograph."""

    before: str
    after: str


def look_closer(chosen: Chosen, model: zoo.Description, *, detected: bool = False) -> None:
    """Change to a model for photographs where the picture is one, and say so; once, and never for a sample.

    The run starts again with that model. A model that the visitor or a link chose, or a link locks, stays.
    ``detected``: only a model with a detector will do.
    """
    if chosen.owner is None or min(chosen.picture.pixels.shape[:2]) <= SMALL:
        return
    better = better_model(detected=detected)
    may_change = not (settings.is_chosen("model") or fixed.locked("model"))
    if better and not sees_photographs(model.name) and may_change:
        st.session_state[KEY] = Change(model.name, better)
        settings.choose("model", better)
        st.rerun()
    change = st.session_state.get(KEY)
    if change is not None and change.after == model.name:
        with st.container(gap=None, key="photograph"):
            st.caption(f"More than {SMALL} pixels a side: a model for photographs looks at it.")
            st.button(
                f"Back to {title(change.before)}",
                type="tertiary",
                icon=":material/undo:",
                on_click=_undo,
                args=(change,),
            )


def better_model(*, detected: bool) -> str | None:
    """The first bundled model for photographs, ``detected``: with a detector; None where there is none."""
    there = (name for name in zoo.bundled() if sees_photographs(name))
    return next((name for name in there if zoo.default_detector(name) or not detected), None)


def _undo(change: Change) -> None:
    st.session_state["model"] = change.before
    del st.session_state[KEY]
