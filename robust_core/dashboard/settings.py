"""Settings that live in the address of the page: a link restores them, a widget changes them.

Streamlit's own binding writes the *label* of an option into the address. Labels change with their
wording, so here the value itself is written, and whatever a link brings is checked like any input.
"""

import math
from collections.abc import Callable, Iterable
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

import streamlit as st

T = TypeVar("T")
N = TypeVar("N", int, float)
OLD_KEYS = {"defences": "defenses"}
"""Settings that had another name in links of earlier versions."""
LONGEST = 400
"""The longest value, in characters, that is read from a link; no setting is longer."""


def setting(key: str, default: T, parse: Callable[[str], T | None]) -> str:
    """Prepare the state of the widget ``key``, right before it is made; returns the key.

    On the first run of a session the state takes the value in the link where ``parse`` accepts it,
    otherwise ``default``. Make the widget without a default of its own.
    """
    link = st.session_state.setdefault("_link", _read_link())
    if key not in st.session_state:
        raw = link.pop(key, None)
        value = None if raw is None or len(raw) > LONGEST else _parsed(parse, raw)
        st.session_state[key] = default if value is None else value
    elif st.session_state.setdefault("_pages", {}).get(key) != st.session_state.get("_page"):
        # On another page some widgets return None for a value that nobody has chosen.
        st.session_state[key] = st.session_state[key]
    st.session_state.setdefault("_pages", {})[key] = st.session_state.get("_page")
    st.session_state.setdefault("_defaults", {})[key] = default
    return key


def one_of(options: Iterable[T]) -> Callable[[str], T | None]:
    """A parser that accepts the options as ``str`` writes them."""
    written = {str(option): option for option in options}
    return written.get


def number(kind: type[N], low: float | None, high: float | None) -> Callable[[str], N | None]:
    """A parser of finite numbers in a range."""

    def parse(raw: str) -> N | None:
        value = kind(raw)
        inside = (low is None or value >= low) and (high is None or value <= high)
        return value if inside and math.isfinite(value) else None

    return parse


def several_of(options: Iterable[T]) -> Callable[[str], list[T] | None]:
    """A parser of lists of options, separated by commas; anything else in the list is dropped.

    The empty string is the empty list; a list without a single option is refused.
    """
    written = {str(option): option for option in options}

    def parse(raw: str) -> list[T] | None:
        known = [written[part] for part in raw.split(",") if part in written]
        return known if known or not raw else None

    return parse


def truth(raw: str) -> bool | None:
    """A parser of switches."""
    return {"True": True, "False": False}.get(raw)


def publish() -> None:
    """After the last setting of a run: write what differs from the defaults into the address."""
    defaults = st.session_state.pop("_defaults", {})
    state = st.session_state
    changed = {key: _written(state[key]) for key, d in defaults.items() if state[key] != d}
    if st.query_params.to_dict() != changed:
        st.query_params.from_dict(changed)


def link() -> str:
    """The address of the page with its settings, once they are published."""
    address = urlsplit(st.context.url or "")
    query = urlencode(st.query_params.to_dict())
    return address._replace(path=address.path or "/", query=query, fragment="").geturl()


def _read_link() -> dict[str, str]:
    """What the address holds, under current names; a current name takes precedence over an old one."""
    there = st.query_params.to_dict()
    return {OLD_KEYS.get(key, key): value for key, value in there.items()} | {
        key: value for key, value in there.items() if key not in OLD_KEYS
    }


def _written(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _parsed(parse: Callable[[str], T | None], raw: str) -> T | None:
    try:
        return parse(raw)
    except ValueError:
        return None
