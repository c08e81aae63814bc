"""Controls that are made from what they control: models, attacks, their fields, goals."""

import math
import types
import typing
from dataclasses import Field, fields, replace

import streamlit as st

from robust_core import attacks, zoo
from robust_core.dashboard.share import number, one_of, setting, truth
from robust_core.evaluation.headline import headline
from robust_core.evaluation.verdict import in_255ths

EPS_HELP = (
    "The budget: how far the attack may move each value. Pixels are in [0, 1]; in brackets stands "
    "the same on the scale from 0 to 255. For L2 attacks it is the root-mean-square change of a value."
)
EPS_CHOICES = [0.01, 0.1, 0.15, 0.5, 0.7]
FIELD_OF = {"eps", "seed"}
"""Fields that have a place of their own on the page."""


def choose_model() -> zoo.Description:
    """Any model of the zoo, described without loading it."""
    name = st.selectbox(
        "Model",
        zoo.names(),
        key=setting("model", zoo.names()[0], one_of(zoo.names())),
        persist_state="session",
        help="cifar10 and digits models are bundled; imagenet models are downloaded once.",
    )
    return zoo.describe(name)


def say_reached(model: zoo.Description) -> None:
    """What the model reaches on its test set, where that was measured."""
    reached = headline(model.name)
    if reached:
        st.caption(reached, help="Made by: python -m robust_core evaluate --suite, see the README.")


def choose_attack() -> type[attacks.Attack]:
    """Any registered attack."""
    name = st.selectbox(
        "Attack",
        attacks.names(),
        format_func=lambda n: attacks.get(n).title,
        key=setting("attack", "fgsm", one_of(attacks.names())),
        persist_state="session",
    )
    return attacks.get(name)


def choose_eps() -> float:
    """One of the five values, or any value in 255ths; in [0, 1] pixel units."""
    title, switch = st.columns(2, vertical_alignment="center")
    title.markdown(":small[Epsilon]", help=EPS_HELP)
    if switch.toggle("any value", key=setting("any_eps", False, truth), persist_state="session"):
        steps = st.slider(
            "Epsilon in 255ths; the field measures at 8",
            0.0,
            64.0,
            step=0.25,
            key=setting("eps255", 8.0, number(float, 0, 64)),
            persist_state="session",
            format="%.2f / 255",
        )
        return steps / 255
    return st.segmented_control(
        "Epsilon",
        EPS_CHOICES,
        required=True,
        format_func=lambda eps: f"{eps:g} ({in_255ths(eps)})",
        key=setting("eps", EPS_CHOICES[0], one_of(EPS_CHOICES)),
        persist_state="session",
        label_visibility="collapsed",
        wrap=True,
    )


def with_eps(attack: attacks.Attack, eps: float, model: zoo.Description) -> attacks.Attack:
    """``attack`` with its own eps: for L2 the one shown is the root-mean-square change of a value."""
    height, width = model.input_size
    values = model.channels * height * width
    return replace(attack, eps=eps * math.sqrt(values) if attack.norm == "l2" else eps)


def choose_goal(model: zoo.Description) -> tuple[int | None, bool]:
    """``(target, least_likely)``: (None, False) for untargeted."""
    options = ["untargeted", "least-likely", *model.class_names]
    words = {"untargeted": "any other class", "least-likely": "the least likely class"}
    choice = st.selectbox(
        "Make the model say",
        options,
        format_func=lambda o: words.get(o, o),
        key=setting(f"target_{model.family}", "untargeted", one_of(options)),
        persist_state="session",
        help="Any other class: untargeted. A class: targeted.",
    )
    if choice in words:
        return None, choice == "least-likely"
    return model.class_names.index(choice), False


def choose_parameters(attack: type[attacks.Attack]) -> dict:
    """A control for each remaining field of the attack, folded away; seed stands last."""
    specs = [f for f in fields(attack) if f.name not in FIELD_OF]
    values = {}
    with st.expander("Advanced parameters", key="advanced"):
        for spec in specs:
            values[spec.name] = _control(attack.name, spec)
    for spec in fields(attack):
        if spec.name == "seed":
            values["seed"] = _control(attack.name, spec)
    return values


def _control(attack: str, spec: Field) -> object:
    """The widget that fits a field's type and metadata."""
    kinds = typing.get_args(spec.type) if isinstance(spec.type, types.UnionType) else (spec.type,)
    meta, label = spec.metadata, spec.name.replace("_", " ").capitalize()
    key, common = f"{attack}.{spec.name}", {"help": meta["help"], "persist_state": "session"}
    if bool in kinds:
        return st.toggle(label, key=setting(key, spec.default, truth), **common)
    if str in kinds:
        options = list(meta["choices"])
        return st.selectbox(
            label, options, key=setting(key, spec.default, one_of(options)), **common
        )
    kind = int if int in kinds else float
    low = meta["low"] if meta["low"] is not None else meta["above"]
    low, high = (None if x is None else kind(x) for x in (low, meta["high"]))
    value = st.number_input(
        f"{label} ({meta['unit']})" if meta["unit"] else label,
        low,
        high,
        value=None,  # may be emptied, which means the default
        step=1 if kind is int else 0.001,
        format=None if kind is int else "%.4f",
        placeholder="automatic" if spec.default is None else f"{spec.default}",
        key=setting(key, spec.default, number(kind, low, high)),
        **common,
    )
    return spec.default if value is None else value
