"""Controls whose value is a setting: kept for the session and written into the address."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

import streamlit as st

from robust_core.dashboard import fixed
from robust_core.dashboard.settings import (
    N,
    linked,
    number,
    one_of,
    setting,
    setting_among,
    several_of,
    truth,
)

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
    words = options.__getitem__
    key = setting(key, start, one_of(options), called=label, shown=shown or words)
    given = list(options)
    return _show(
        st.segmented_control, label, given, key=key, format_func=words, required=True, **look
    )


def choose_count(label: str, counts: Sequence[int], key: str, start: int, **look: Any) -> int:
    """One of some large numbers; otherwise as ``choose_one``."""
    return choose_one(label, {count: f"{count:,}" for count in counts}, key, start, **look)


def pick_one(label: str, options: Iterable[str], key: str, start: str, **look: Any) -> str:
    """Exactly one of ``options``, as by ``choose_one``; a link may name it, no address holds it."""
    there = list(options)
    wanted = linked(key)
    if wanted in there:
        st.session_state[key] = wanted
    elif st.session_state.get(key) not in there:
        st.session_state[key] = start
    return st.segmented_control(
        label, there, required=True, key=key, persist_state="session", **look
    )


def choose_several(
    label: str, options: Mapping[T, str], key: str, start: Sequence[T], **look: Any
) -> list[T]:
    """Any number of ``options``; otherwise as ``choose_one``."""
    words = options.__getitem__
    key = setting(key, list(start), several_of(options), called=label, shown=words)
    given = list(options)
    return _show(st.pills, label, given, key=key, format_func=words, selection_mode="multi", **look)


def choose_in_list(
    label: str,
    options: Sequence[T],
    key: str,
    start: T,
    *,
    shown: Callable[[T], str] = str,
    called: str = "",
    control: Callable[..., Any] = st.selectbox,
    **look: Any,
) -> T:
    """One of ``options`` in a list that opens: for many of them, or long words. ``shown`` gives the words.

    They may be others than on the run before: then ``start`` takes the place of a choice that is gone.
    ``called`` is its name in a sentence, if not ``label``. ``control`` may be a slider instead of
    the list, and gets ``look`` as it is.
    """
    key = setting_among(key, start, options, called=called or label, shown=shown)
    return _show(control, label, options, key=key, format_func=shown, **look)


def choose_number(
    label: str,
    low: N,
    high: N,
    key: str,
    start: N,
    *,
    called: str = "",
    control: Callable[..., Any] = st.slider,
    **look: Any,
) -> N:
    """A number from ``low`` to ``high``, whole where ``low`` is, on a slider or in another ``control``.

    ``called`` is its name in a sentence, if not ``label``. ``look`` goes to Streamlit's control as it is.
    """
    reader = number(type(low), low, high)
    key = setting(key, start, reader, called=called or label)
    return _show(control, label, low, high, key=key, **look)


def choose_whether(label: str, key: str, start: bool, *, called: str, **look: Any) -> bool:
    """A switch. ``called`` is its name in a sentence; ``look`` goes to Streamlit's control as it is."""
    key = setting(key, start, truth, called=called)
    return _show(st.toggle, label, key=key, **look)


def _show(
    control: Callable[..., Any],
    label: str,
    *values: Any,
    key: str,
    disabled: bool = False,
    **look: Any,
) -> Any:
    """A control of the setting ``key``, with a lock on it where the link has locked the setting."""
    return control(
        fixed.label(label, key),
        *values,
        key=key,
        persist_state="session",
        disabled=disabled or fixed.locked(key),
        **look,
    )
