"""Controls whose value is a setting: kept for the session and written into the address."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st

from robust_core.dashboard.settings import N, number, one_of, setting, several_of

T = TypeVar("T")


def choose_one(
    label: str,
    options: Mapping[T, str],
    key: str,
    start: T,
    *,
    shown: Callable[[T], str] | None = None,
    **look: Any,
) -> T:
    """Exactly one of ``options``, which are values with the words on their buttons.

    ``shown`` are a value's words in a sentence, if not those of its button. ``look`` goes to Streamlit's
    control as it is.
    """
    return st.segmented_control(
        label,
        list(options),
        required=True,
        format_func=options.__getitem__,
        key=setting(key, start, one_of(options), called=label, shown=shown or options.__getitem__),
        persist_state="session",
        **look,
    )


def pick_one(label: str, options: Iterable[str], key: str, start: str, **look: Any) -> str:
    """Exactly one of ``options``, kept as ``choose_one`` keeps it, but not in the address."""
    return st.segmented_control(
        label,
        list(options),
        default=start,
        required=True,
        key=key,
        persist_state="session",
        **look,
    )


def choose_several(
    label: str, options: Mapping[T, str], key: str, start: Sequence[T], **look: Any
) -> list[T]:
    """Any number of ``options``; otherwise as ``choose_one``."""
    return st.pills(
        label,
        list(options),
        selection_mode="multi",
        format_func=options.__getitem__,
        key=setting(key, list(start), several_of(options), called=label, shown=options.__getitem__),
        persist_state="session",
        **look,
    )


def choose_in_list(
    label: str,
    options: Sequence[T],
    key: str,
    start: T,
    *,
    shown: Callable[[T], str],
    called: str = "",
    **look: Any,
) -> T:
    """One of ``options`` in a list that opens: for many of them, or long words. ``shown`` gives the words.

    ``called`` is its name in a sentence, if not ``label``. ``look`` goes to Streamlit's control as it is.
    """
    return st.selectbox(
        label,
        options,
        format_func=shown,
        key=setting(key, start, one_of(options), called=called or label, shown=shown),
        persist_state="session",
        **look,
    )


def slide(
    label: str,
    low: N,
    high: N,
    key: str,
    start: N,
    *,
    called: str = "",
    place: Any = st,
    **look: Any,
) -> N:
    """A number from ``low`` to ``high`` on a slider, whole where ``low`` is.

    ``called`` is its name in a sentence, if not ``label``. ``look`` goes to Streamlit's control as it is.
    """
    return place.slider(label, low, high, **_number(low, high, key, start, called or label), **look)


def enter_number(
    label: str,
    low: N,
    high: N,
    key: str,
    start: N,
    *,
    called: str = "",
    step: N | None = None,
    **look: Any,
) -> N:
    """A whole number from ``low`` to ``high`` in a field; otherwise as ``slide``."""
    state = _number(low, high, key, start, called or label)
    return st.number_input(label, low, high, step=step or 1, **state, **look)


def _number(low: N, high: N, key: str, start: N, called: str) -> dict[str, Any]:
    """What keeps a number's state."""
    reader = number(type(low), low, high)
    return {"key": setting(key, start, reader, called=called), "persist_state": "session"}
