"""The widget of a hyper-parameter, built from the metadata of its field."""

import types
import typing
from dataclasses import Field

import streamlit as st

from robust_core.dashboard import fixed
from robust_core.dashboard.settings import Reader, number, one_of, setting, truth

PIXEL_UNITS = " In pixel units, where values are in [0, 1]: 0.0039 is 1/255."
TITLES = {
    "loss": {
        "ce": "cross-entropy",
        "margin": "margin of the logits",
        "dlr": "difference of logits ratio (DLR)",
        "softmax-ce": "cross-entropy of the softmax output",
    }
}
"""Words for the values of a field whose names are abbreviations."""
LABELS = {
    "smoothing.n": "Votes n",
    "pixeldp.n": "Votes n",
    "draws": "Draws of the adaptive attack",
    "smoothing.alpha": "Risk alpha of the certificate",
    "pixeldp.alpha": "Risk alpha of the certificate",
    "fgsm-at.alpha": "Alpha, weight of the clean loss",
    "trained": "Network trained under noise",
    "bfloat16": "Votes in bfloat16",
    "smoothing.seed": "Seed of the noise",
    "pixeldp.seed": "Seed of the noise",
}
"""Labels for fields, or for one method's field, whose names are abbreviations."""


def control(owner: str, spec: Field, *, start: object = None, disabled: bool = False) -> object:
    """The widget that fits the type and metadata of a field of ``owner``: an attack or a defence.

    ``start`` is an initial value that is not the field's own default.
    """
    default = spec.default if start is None else start
    kind, low, high = _range(spec)
    meta = spec.metadata
    label = _label(owner, spec)
    key = field_setting(owner, spec, default)
    label = fixed.label(label, key)
    common = {
        "key": key,
        "help": meta["help"] + PIXEL_UNITS if meta["unit"] == "[0, 1]" else meta["help"],
        "persist_state": "session",
        "disabled": disabled or fixed.locked(key),
    }
    if kind is bool:
        return st.toggle(label, **common)
    if meta["choices"] is not None:
        names = TITLES.get(spec.name, {})
        return st.selectbox(
            label, list(meta["choices"]), format_func=lambda o: names.get(o, str(o)), **common
        )
    unit = f" ({meta['unit']})" if meta["unit"] not in ("", "[0, 1]") else ""
    value = st.number_input(
        label + unit,
        low,
        high,
        value=None,  # may be emptied, which means the default
        step=1 if kind is int else 0.001,
        format=None if kind is int else "%.4f",
        placeholder="automatic" if default is None else f"{default}",
        **common,
    )
    return default if value is None else value


def _label(owner: str, spec: Field) -> str:
    name = spec.name.replace("_", " ").capitalize()
    return LABELS.get(f"{owner}.{spec.name}") or LABELS.get(spec.name, name)


def field_setting(owner: str, spec: Field, default: object) -> str:
    """The setting of a field of ``owner``, which is ``default`` until it is changed."""
    called = f"{_label(owner, spec)} ({owner})"
    return setting(f"{owner}.{spec.name}", default, _reader(spec), called=called)


def _range(spec: Field) -> tuple[type, float | None, float | None]:
    """The type of a field, without None, and for a number the limits of its control."""
    kinds = typing.get_args(spec.type) if isinstance(spec.type, types.UnionType) else (spec.type,)
    kind: type = next(k for k in (bool, str, int, float) if k in kinds)
    lowest = spec.metadata["low"] if spec.metadata["low"] is not None else spec.metadata["above"]
    low, high = (None if x is None else kind(x) for x in (lowest, spec.metadata["high"]))
    return kind, low, high


def _reader(spec: Field) -> Reader:
    """What reads a field's value in a link."""
    kind, low, high = _range(spec)
    if kind is bool:
        return truth
    choices = spec.metadata["choices"]
    return number(kind, low, high) if choices is None else one_of(choices)
