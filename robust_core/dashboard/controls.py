"""Controls built from what they control: models, attacks, their fields, goals."""

import math
import types
import typing
from collections.abc import Callable
from dataclasses import Field, fields

import streamlit as st

from robust_core import attacks, zoo
from robust_core.attacks.base import GOALS
from robust_core.dashboard.choices import choose_one
from robust_core.dashboard.presets import OWN, PRESETS
from robust_core.dashboard.settings import number, one_of, setting, truth
from robust_core.experiment.perform import UNTARGETED
from robust_core.goals import ConfidenceReduction, Goal, LeastLikely, Towards, Untargeted
from robust_core.words.headline import headline
from robust_core.words.numbers import in_255ths

EPS_HELP = (
    "The budget: how far the attack may move each value. Pixels are in [0, 1]; the number in brackets "
    "is on the scale from 0 to 255. For L2 attacks it is the root-mean-square change of a value."
)
NO_EPS = (
    "{} has no eps: it looks for the smallest change. The size it needed is compared with this."
)
EPS_CHOICES = [0.01, 0.1, 0.15, 0.5, 0.7]
GOAL_WORDS = {
    Untargeted.name: "any other class",
    LeastLikely.name: "the least likely class",
    ConfidenceReduction.name: "the same, with less confidence",
}
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
FIELD_OF = {"eps", "seed", "detector"}
"""Fields shown elsewhere on the page."""


def choose_model() -> zoo.Description:
    """Any model of the zoo, described without loading it."""
    name = st.selectbox(
        "Model",
        zoo.names(),
        key=setting("model", zoo.names()[0], one_of(zoo.names())),
        persist_state="session",
        help=f"{_bundled_families()} models are bundled; imagenet models are downloaded once.",
    )
    return zoo.describe(name)


def _bundled_families() -> str:
    return " and ".join(dict.fromkeys(zoo.family(name) for name in zoo.bundled()))


def say_reached(model: zoo.Description) -> None:
    """The model's accuracy on its test set, where it was measured."""
    reached = headline(model.name)
    if reached:
        st.caption(
            reached, help="Measured by: python -m robust_core evaluate --suite, see the README."
        )


def choose_attack(detector: str | None = None, start: str = "fgsm") -> type[attacks.Attack]:
    """Any registered attack, initially ``start``; with a ``detector``, the attacks on the pair as well."""
    names = attacks.names() + (attacks.names(pair=True) if detector else [])
    key = setting("attack", start, one_of(names))
    if st.session_state[key] not in names:  # chosen when there was a detector
        st.session_state[key] = "fgsm"
    name = st.selectbox(
        "Attack",
        names,
        format_func=lambda n: attacks.get(n).title,
        key=key,
        persist_state="session",
    )
    return attacks.get(name)


def choose_eps(
    attack: type[attacks.Attack] | None = None,
    *,
    own: str = "",
    start: float | None = None,
) -> float:
    """One of the five values, or any value in 255ths; in [0, 1] pixel units.

    For an ``attack`` without eps, a caption says what the value is used for. ``own`` prefixes the settings
    of a page that has its own eps. ``start`` is an initial value that is not one of the five.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(":small[Epsilon]", help=EPS_HELP)
        free = st.toggle(
            "any value",
            key=setting(f"{own}any_eps", start is not None, truth),
            persist_state="session",
            width="content",
        )
    if free:
        steps = st.slider(
            "Epsilon in 255ths; 8/255 is the usual benchmark",
            0.0,
            64.0,
            step=0.25,
            key=setting(
                f"{own}eps255", 8.0 if start is None else 255 * start, number(float, 0, 64)
            ),
            persist_state="session",
            format="%.2f / 255",
        )
        eps = steps / 255
    else:
        eps = choose_one(
            "Epsilon",
            {eps: f"{eps:g} :small[{in_255ths(eps)}]" for eps in EPS_CHOICES},
            f"{own}eps",
            EPS_CHOICES[0],
            label_visibility="collapsed",
            width="stretch",
        )
    if attack is not None and not attack.has_eps:
        st.caption(NO_EPS.format(attack.title))
    return eps


def with_eps(attack: attacks.Attack, eps: float, model: zoo.Description) -> attacks.Attack:
    """``attack`` with the radius that ``eps`` means for it; unchanged where it has no eps."""
    return attack.changed(eps=radius(attack.norm, eps, model)) if attack.has_eps else attack


def radius(norm: str, eps: float, model: zoo.Description) -> float:
    """``eps`` in the norm of an attack; the page shows L2 as the root-mean-square change of a value."""
    height, width = model.input_size
    return eps * math.sqrt(model.channels * height * width) if norm == "l2" else eps


def choose_goal(model: zoo.Description, attack: type[attacks.Attack] | None = None) -> Goal:
    """What the attacker wants; only the goals that ``attack`` supports are offered."""
    taken = GOALS if attack is None else attack.goals
    options = [name for name in GOAL_WORDS if name in taken]
    if Towards.name in taken:
        options += model.class_names
    key = setting(f"target_{model.family}", options[0], one_of(options))
    if st.session_state[key] not in options:  # chosen for another attack
        st.session_state[key] = options[0]
    choice = st.selectbox(
        "Make the model say",
        options,
        format_func=lambda o: GOAL_WORDS.get(o, o),
        key=key,
        persist_state="session",
        help="Any other class: untargeted. A class: targeted. The same, with less confidence: "
        "confidence reduction.",
    )
    if choice == ConfidenceReduction.name:
        return _choose_reduction()
    if choice == LeastLikely.name:
        return LeastLikely()
    return UNTARGETED if choice in GOAL_WORDS else Towards(model.class_names.index(choice))


def _choose_reduction() -> ConfidenceReduction:
    """By how much the confidence falls, or down to what."""
    how = choose_one(
        "How much less confident",
        {"drop": "less by", "threshold": "down to"},
        "less",
        "drop",
        width="stretch",
        label_visibility="collapsed",
    )
    start, meant = (20, "points less") if how == "drop" else (50, "% or less")
    share = st.slider(
        f"Confidence: {meant}",
        5,
        95,
        step=5,
        key=setting(f"less_{how}", start, number(int, 5, 95)),
        persist_state="session",
        format="%d points" if how == "drop" else "%d %%",
        label_visibility="collapsed",
    )
    return ConfidenceReduction(**{how: share / 100})


def choose_parameters(
    attack: type[attacks.Attack], eps: float, detector: str | None = None
) -> dict:
    """A control for each remaining field of the attack, folded away; seed comes last.

    An attack on a model and its detector gets ``detector``.
    """
    specs = [f for f in fields(attack) if f.name not in FIELD_OF]
    values: dict[str, object] = {}
    with st.expander("Advanced parameters", key="advanced"):
        fixed = _choose_preset(attack, eps)
        for spec in specs:
            values[spec.name] = control(attack.name, spec, disabled=spec.name in fixed)
    for spec in fields(attack):
        if spec.name == "seed":
            values["seed"] = control(attack.name, spec)
        if spec.name == "detector":
            values["detector"] = _lazy(attack, detector)
    return values


def _choose_preset(attack: type[attacks.Attack], eps: float) -> dict[str, float]:
    """A paper's schedule, where there is one: its values are set in the controls below."""
    presets = PRESETS.get(attack.name)
    if not presets:
        return {}
    name = st.selectbox(
        "Schedule",
        [OWN, *presets],
        format_func=lambda n: presets[n].title if n in presets else "Own",
        key=setting(f"{attack.name}.schedule", OWN, one_of([OWN, *presets])),
        persist_state="session",
        help="A paper's own number and size of steps; both may depend on eps.",
    )
    if name == OWN:
        return {}
    values = presets[name].values(eps)
    for field, value in values.items():
        st.session_state[f"{attack.name}.{field}"] = value
    return values


def kept_parameters(attack: type[attacks.Attack], eps: float, detector: str | None = None) -> dict:
    """All fields except eps, without controls: as set on the page Attack, or in the link.

    An attack on a model and its detector gets ``detector``.
    """
    values: dict[str, object] = {}
    for spec in fields(attack):
        if spec.name == "detector":
            values["detector"] = _lazy(attack, detector)
        elif spec.name != "eps":
            key = setting(f"{attack.name}.{spec.name}", spec.default, _parser(spec))
            kept = st.session_state[key]
            values[spec.name] = spec.default if kept is None else kept
    presets = PRESETS.get(attack.name, {})
    key = setting(f"{attack.name}.schedule", OWN, one_of([OWN, *presets]))
    schedule = presets.get(st.session_state[key])
    return values | (schedule.values(eps) if schedule else {})


def _lazy(attack: type[attacks.Attack], detector: str | None) -> zoo.LazyDetector:
    """The detector that an attack on a pair is to fool. Raises ``ValueError`` where there is none."""
    if detector is None:
        raise ValueError(f"{attack.name} needs a detector to fool")
    return zoo.LazyDetector(detector)


def control(owner: str, spec: Field, *, disabled: bool = False) -> object:
    """The widget that fits the type and metadata of a field of ``owner``: an attack or a defence."""
    kind, low, high = _range(spec)
    meta = spec.metadata
    name = spec.name.replace("_", " ").capitalize()
    label = LABELS.get(f"{owner}.{spec.name}") or LABELS.get(spec.name, name)
    common = {
        "key": setting(f"{owner}.{spec.name}", spec.default, _parser(spec)),
        "help": meta["help"] + PIXEL_UNITS if meta["unit"] == "[0, 1]" else meta["help"],
        "persist_state": "session",
        "disabled": disabled,
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
        placeholder="automatic" if spec.default is None else f"{spec.default}",
        **common,
    )
    return spec.default if value is None else value


def _range(spec: Field) -> tuple[type, float | None, float | None]:
    """The type of a field, without None, and for a number the limits of its control."""
    kinds = typing.get_args(spec.type) if isinstance(spec.type, types.UnionType) else (spec.type,)
    kind: type = next(k for k in (bool, str, int, float) if k in kinds)
    lowest = spec.metadata["low"] if spec.metadata["low"] is not None else spec.metadata["above"]
    low, high = (None if x is None else kind(x) for x in (lowest, spec.metadata["high"]))
    return kind, low, high


def _parser(spec: Field) -> Callable[[str], object]:
    """What reads a field's value in a link."""
    kind, low, high = _range(spec)
    if kind is bool:
        return truth
    choices = spec.metadata["choices"]
    return number(kind, low, high) if choices is None else one_of(choices)
