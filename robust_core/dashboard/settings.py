"""Settings that live in the address of the page: a link restores them, a widget changes them.

Streamlit's own binding writes the *label* of an option into the address. Labels change with their
wording, so here the value itself is written, and whatever a link brings is checked like any input.
What cannot be used is replaced, and a note says by what: see ``replaced``.
"""

import math
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode, urlsplit

import streamlit as st

from robust_core.dashboard import fixed, replaced

T = TypeVar("T")
N = TypeVar("N", int, float)
OLD_KEYS = {"defences": "defenses"}
"""Settings that had another name in links of earlier versions."""
LONGEST = 400
"""The longest value, in characters, that is read from a link; no setting is longer."""
ABSENT = "is not available here"


@dataclass(frozen=True)
class Reader(Generic[T]):
    """Reads a setting in a link: its value, or None for what ``why`` says, after "which"."""

    read: Callable[[str], T | None]
    why: str = ABSENT

    def __call__(self, raw: str) -> T | None:
        try:
            return None if len(raw) > LONGEST else self.read(raw)
        except (ValueError, OverflowError):  # the latter: too large for a float
            return None


def setting(
    key: str,
    default: T,
    reader: Reader[T],
    *,
    called: str = "",
    shown: Callable[[Any], str] | None = None,
) -> str:
    """Prepare the state of the widget ``key``, right before it is made; returns the key.

    When a page is opened the state takes the value in the link where ``reader`` accepts it, otherwise
    what was chosen before, on whichever page. A value that nobody has chosen is always the ``default``
    of the page that is open. Make the widget without a default of its own. For the note on what could not
    be used, ``called`` names the setting and ``shown`` puts a value into words.
    """
    state = st.session_state
    chosen: set[str] = state.setdefault("_chosen", set())
    if f"_next_{key}" in state:
        state[key] = state.pop(f"_next_{key}")
    here = state.get("_page"), default
    last = state.setdefault("_pages", {}).get(key)
    raw = linked(key)
    found = None if raw is None else reader(raw)
    if key in state and last is not None and state[key] != last[1]:
        chosen.add(key)
    if found is not None:
        chosen.add(key)
        state[key] = found
    elif key not in state or (here != last and last is not None and key not in chosen):
        state[key] = default
    elif here != last:
        # On another page some widgets return None for a value that nobody has chosen.
        state[key] = state[key]
    if raw is not None:
        replaced.remember(key, raw, found, state[key], called, shown, reader.why)
    fixed.note(key, called, shown)
    state["_pages"][key] = here
    state.setdefault("_defaults", {})[key] = default
    return key


def linked(key: str) -> str | None:
    """What the link by which the page was opened says of a setting, once; None where it says nothing.

    Also for what is no setting, and so not written into the address, such as the tab that is open.
    """
    take_link()
    return st.session_state["_link"].pop(key, None)


def take_link() -> None:
    """Read the link by which the page was opened, once: before the first setting, where that matters."""
    state = st.session_state
    if "_link" not in state or state.get("_link_to") != state.get("_page"):
        # What no page has asked for yet is kept for another.
        state["_link"] = state.get("_link", {}) | _read_link()
        fixed.take(state["_link"])
        state["_link_to"] = state.get("_page")


def is_chosen(key: str) -> bool:
    """Whether the visitor or a link has chosen the value of a setting of this run."""
    return key in st.session_state.get("_chosen", set())


def choose(key: str, value: object) -> None:
    """Choose a value for the visitor, from the next run on: the widget of this run is there already.

    A setting that the link has locked stays as it is.
    """
    if not fixed.locked(key):
        st.session_state[f"_next_{key}"] = value


def setting_among(
    key: str,
    default: T,
    options: Collection[T],
    *,
    called: str,
    shown: Callable[[T], str],
    instead: T | None = None,
) -> str:
    """``setting`` for one of ``options``, which may be others than on the run before.

    A choice that is no longer among them becomes ``instead``, which without one is ``default``.
    """
    key = setting(key, default, one_of(options), called=called, shown=shown)
    if st.session_state[key] not in options:
        st.session_state[key] = default if instead is None else instead
    return key


def one_of(
    options: Iterable[T], why: str = ABSENT, *, formerly: Mapping[str, str] | None = None
) -> Reader[T]:
    """Accepts the options as ``str`` writes them; of others ``why`` is said.

    ``formerly``: what they were called in links of earlier versions, and are called now.
    """
    written = {str(option): option for option in options}
    names = formerly or {}
    return Reader(lambda raw: written.get(names.get(raw, raw)), why)


def number(kind: type[N], low: float | None, high: float | None) -> Reader[N]:
    """Accepts finite numbers in a range."""

    def read(raw: str) -> N | None:
        value = kind(raw)
        inside = (low is None or value >= low) and (high is None or value <= high)
        return value if inside and math.isfinite(value) else None

    what = "a whole number" if kind is int else "a number"
    if low is not None:
        what += f" from {low:g}" if high is not None else f" of at least {low:g}"
    if high is not None:
        what += f" to {high:g}" if low is not None else f" of at most {high:g}"
    return Reader(read, f"is not {what}")


def several_of(options: Iterable[T]) -> Reader[list[T]]:
    """Accepts lists of options, separated by commas; anything else in the list is dropped.

    The empty string is the empty list; a list without a single option is refused.
    """
    written = {str(option): option for option in options}

    def read(raw: str) -> list[T] | None:
        known = [written[part] for part in raw.split(",") if part in written]
        return known if known or not raw else None

    return Reader(read)


truth: Reader[bool] = Reader({"True": True, "False": False}.get, "is neither True nor False")
"""Accepts the two positions of a switch."""


def publish() -> None:
    """After the last setting of a run: write what differs from the defaults into the address.

    What the link asked for and did not get is said at the top of the page.
    """
    defaults = st.session_state.pop("_defaults", {})
    state = st.session_state
    changed = {key: _written(state[key]) for key, d in defaults.items() if state[key] != d}
    fixed.show(defaults)
    changed |= fixed.published()
    replaced.show(changed)
    if st.query_params.to_dict() != changed:
        st.query_params.from_dict(changed)


def link() -> str:
    """The address of the page with its settings, once they are published."""
    address = urlsplit(st.context.url or "")
    query = urlencode(st.query_params.to_dict())
    return address._replace(path=address.path or "/", query=query, fragment="").geturl()


def onward(*keys: str) -> dict[str, str]:
    """The settings that a link to another page carries over, once they are published.

    Those that differ from this page's defaults, and ``keys`` in any case: the other page may have other
    defaults.
    """
    kept = {key: _written(st.session_state[key]) for key in keys if key in st.session_state}
    return st.query_params.to_dict() | kept


def _read_link() -> dict[str, str]:
    """What the address holds, under current names; a current name takes precedence over an old one."""
    there = st.query_params.to_dict()
    return {OLD_KEYS.get(key, key): value for key, value in there.items()} | {
        key: value for key, value in there.items() if key not in OLD_KEYS
    }


def _written(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
