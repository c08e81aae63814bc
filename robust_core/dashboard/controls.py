"""Controls built from what they control: models, attacks, their fields."""

import dataclasses
from collections.abc import Mapping

import streamlit as st

from robust_core import attacks, zoo
from robust_core.dashboard import fields, fixed, own_model, own_model_form
from robust_core.dashboard.choices import choose_number, choose_one
from robust_core.dashboard.presets import OWN, PRESETS, Preset
from robust_core.dashboard.settings import one_of, setting, setting_among, truth
from robust_core.distances import of_equal_changes
from robust_core.words.headline import headline
from robust_core.words.models import groups, title, title_and_needs
from robust_core.words.numbers import in_255ths, on_both_scales

EPS_HELP = (
    "The budget: how far the attack may move each value. Pixels are in [0, 1]; the number in brackets "
    "is on the scale from 0 to 255. For L2 attacks it is the root-mean-square change of a value, "
    "for L1 attacks the mean one. "
    "The list is that of deck 003: TensorFlow's FGSM tutorial has 0.01, 0.1 and 0.15; 0.5 and 0.7 are the "
    "deck's own. The tutorial's pixels run from -1 to 1, so that its eps are half as large as these: the "
    "tab Classics of the page Attack has both."
)
YOURS = "YOUR MODEL: an ONNX or safetensors file"
NO_EPS = (
    "{} has no eps: it looks for the smallest change. The size it needed is compared with this."
)
EPS_CHOICES = [0.01, 0.1, 0.15, 0.5, 0.7]
MOST = 64.0
"""The largest eps of the slider, in 255ths."""
FIELD_OF = {"eps", "seed", "detector"}
"""Fields shown elsewhere on the page."""


def choose_model(first: str | None = None) -> zoo.Description:
    """Any model of the zoo, described without loading it; ``first`` is the one that the page opens with.

    They are listed in groups. Streamlit's list has no headings: a group's is an entry that stands for
    the first model below it.
    """
    heads = {f"{group.subject.upper()}: {group.about}": group.names for group in groups()}
    names = zoo.names()
    yours = {own_model.OWN: YOURS} if own_model.allowed() else {}
    key = setting(
        "model",
        first or names[0],
        one_of((*names, *yours)),
        called="Model",
        shown=lambda name: yours.get(name) or title(name),
    )
    if st.session_state[key] in heads:
        st.session_state[key] = heads[st.session_state[key]][0]
    said = dict.fromkeys(heads) | yours
    name = st.selectbox(
        fixed.label("Model", key),
        [*(entry for heading, below in heads.items() for entry in (heading, *below)), *yours],
        key=key,
        format_func=lambda entry: said[entry] or entry if entry in said else title_and_needs(entry),
        persist_state="session",
        disabled=fixed.locked(key),
        help="px: the side of the pictures that it sees. What is not bundled is downloaded once, when you "
        "ask for it." + (" The last entry takes a model of your own." if yours else ""),
    )
    if name == own_model.OWN:
        name = own_model_form.choose(first or names[0])
    return zoo.describe(name)


def say_reached(model: zoo.Description) -> None:
    """The model's accuracy on its test set, where it was measured."""
    reached = headline(model.name)
    if reached:
        st.caption(
            reached, help="Measured by: python -m robust_core evaluate --suite, see the README."
        )


def choose_attack(detector: str | None = None, start: str = "fgsm") -> type[attacks.Attack]:
    """Any registered attack, initially ``start``; with a ``detector``, the attacks on the pair as well."""
    names = attacks.local_names() + (attacks.names(pair=True) if detector else [])
    words = {name: attacks.get(name).title for name in names}.__getitem__
    # One on the pair may have been chosen when there was a detector.
    key = setting_among("attack", start, names, called="Attack", shown=words, instead="fgsm")
    name = st.selectbox(
        fixed.label("Attack", key),
        names,
        format_func=words,
        key=key,
        persist_state="session",
        disabled=fixed.locked(key),
    )
    return attacks.get(name)


def choose_eps(
    attack: type[attacks.Attack] | None = None,
    *,
    own: str = "",
    start: float | None = None,
    first: float = EPS_CHOICES[0],
) -> float:
    """One of the five values, or any value up to ``MOST``; in [0, 1] pixel units.

    For an ``attack`` without eps, a caption says what the value is used for. ``own`` prefixes the settings
    of a page that has its own eps. ``start`` is an initial value that is not one of the five,
    ``first`` one that is.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        key = setting(f"{own}any_eps", start is not None, truth, called="Any value of epsilon")
        st.markdown(f":small[{fixed.label('Epsilon', key)}]", help=EPS_HELP)
        free = st.toggle(
            "any value",
            key=key,
            persist_state="session",
            disabled=fixed.locked(key),
            width="content",
        )
    if free:
        eps = _choose_any_eps(own, 8.0 if start is None else 255 * start)
    else:
        eps = choose_one(
            "Epsilon",
            {eps: f"{eps:g} :small[{in_255ths(eps)}]" for eps in EPS_CHOICES},
            f"{own}eps",
            first,
            shown=on_both_scales,
            label_visibility="collapsed",
            width="stretch",
        )
    if attack is not None and not attack.has_eps:
        st.caption(NO_EPS.format(attack.title))
    return eps


def _choose_any_eps(own: str, start: float) -> float:
    """A slider in 255ths and a number field beside it, of one value; ``start`` in 255ths.

    The slider's value is the setting. The field shows it, and what is typed there moves the slider.
    """
    slider, field = f"{own}eps255", f"{own}eps_typed"

    def typed() -> None:
        st.session_state[slider] = round(255 * st.session_state[field], 6)

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        label, called = "8/255 is the usual benchmark", "Epsilon in 255ths"
        form = "%.2f / 255"
        steps = choose_number(
            label, 0.0, MOST, slider, start, called=called, step=0.25, format=form
        )
        eps = from_255ths(steps)
        st.session_state[field] = eps
        st.number_input(
            "Epsilon",
            0.0,
            MOST / 255,
            step=0.01,
            format="%.4f",
            key=field,
            on_change=typed,
            disabled=fixed.locked(slider),
            width=130,
            help="The same value where pixels are in [0, 1]: 0.03 can be typed here.",
        )
    return eps


def from_255ths(steps: float) -> float:
    """An eps in [0, 1] from 255ths: exactly the decimal that was typed, where that is what it was."""
    decimal = round(steps / 255, 6)
    return decimal if abs(255 * decimal - steps) < 1e-9 else steps / 255


def with_eps(attack: attacks.Attack, eps: float, model: zoo.Description) -> attacks.Attack:
    """``attack`` with the radius that ``eps`` means for it; unchanged where it has no eps."""
    return attack.changed(eps=radius(attack.norm, eps, model)) if attack.has_eps else attack


def radius(norm: str, eps: float, model: zoo.Description) -> float:
    """``eps`` in the norm of an attack; the page shows L2 as the root-mean-square change of a value, L1 as
    the mean one."""
    height, width = model.input_size
    return eps * of_equal_changes(norm, model.channels * height * width)


def choose_parameters(
    attack: type[attacks.Attack], eps: float, detector: str | None = None
) -> dict:
    """A control for each remaining field of the attack, folded away; seed comes last.

    An attack on a model and its detector gets ``detector``.
    """
    specs = [f for f in plain_fields(attack) if f.name not in FIELD_OF]
    values: dict[str, object] = {}
    with st.expander("Advanced parameters", key="advanced"):
        scheduled = _choose_preset(attack, eps)
        for spec in specs:
            values[spec.name] = fields.control(attack.name, spec, disabled=spec.name in scheduled)
    for spec in dataclasses.fields(attack):
        if spec.name == "seed":
            values["seed"] = fields.control(attack.name, spec)
        if spec.name == "detector":
            values["detector"] = _lazy(attack, detector)
    return values


def plain_fields(attack: type[attacks.Attack]) -> list[dataclasses.Field]:
    """Those with a control: not objects, such as pictures to start from, which Python alone hands over."""
    return [spec for spec in dataclasses.fields(attack) if spec.metadata["method"] is None]


def _choose_preset(attack: type[attacks.Attack], eps: float) -> dict[str, float]:
    """A paper's schedule, where there is one: its values are set in the controls below."""
    presets = PRESETS.get(attack.name)
    if not presets:
        return {}
    key = _schedule(attack, presets)
    name = st.selectbox(
        fixed.label("Schedule", key),
        [OWN, *presets],
        format_func=lambda n: presets[n].title if n in presets else "Own",
        key=key,
        persist_state="session",
        disabled=fixed.locked(key),
        help="A paper's own number and size of steps; both may depend on eps.",
    )
    if name == OWN:
        return {}
    values = _scheduled(attack, presets[name], eps)
    for field, value in values.items():
        st.session_state[f"{attack.name}.{field}"] = value
    return values


def _scheduled(attack: type[attacks.Attack], preset: Preset, eps: float) -> dict[str, float]:
    """The values of a schedule, but for the fields that the link has locked."""
    values = preset.values(eps)
    return {f: v for f, v in values.items() if not fixed.locked(f"{attack.name}.{f}")}


def _schedule(attack: type[attacks.Attack], presets: Mapping[str, Preset]) -> str:
    """The setting that names the schedule."""
    known = one_of([OWN, *presets])
    return setting(f"{attack.name}.schedule", OWN, known, called=f"Schedule ({attack.title})")


def kept_parameters(attack: type[attacks.Attack], eps: float, detector: str | None = None) -> dict:
    """All fields except eps, without controls: as set on the page Attack, or in the link.

    An attack on a model and its detector gets ``detector``.
    """
    values: dict[str, object] = {}
    for spec in dataclasses.fields(attack):
        if spec.name == "detector":
            values["detector"] = _lazy(attack, detector)
        elif spec.name != "eps" and spec in plain_fields(attack):
            key = fields.field_setting(attack.name, spec, spec.default)
            kept = st.session_state[key]
            values[spec.name] = spec.default if kept is None else kept
    presets = PRESETS.get(attack.name, {})
    schedule = presets.get(st.session_state[_schedule(attack, presets)])
    return values | (_scheduled(attack, schedule, eps) if schedule else {})


def _lazy(attack: type[attacks.Attack], detector: str | None) -> zoo.LazyDetector:
    """The detector that an attack on a pair is to fool. Raises ``ValueError`` where there is none."""
    if detector is None:
        raise ValueError(f"{attack.name} needs a detector to fool")
    return zoo.LazyDetector(detector)
