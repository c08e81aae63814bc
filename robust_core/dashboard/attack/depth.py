"""Below the first screen: confidences, steps, the equation, and how to repeat all of it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import fields

import streamlit as st

from robust_core import attacks, imaging
from robust_core.attacks import Attack, Dynamic
from robust_core.dashboard import opened, plots, starting
from robust_core.dashboard.attack import charts, constant, export
from robust_core.dashboard.attack.frames import show_classics
from robust_core.dashboard.compared_defense import ComparedDefense, commands
from robust_core.dashboard.components import reproduction
from robust_core.dashboard.components.swipe import swipe
from robust_core.dashboard.components.trust import TITLE, show_trust
from robust_core.dashboard.fields import TITLES
from robust_core.dashboard.request import Request
from robust_core.dashboard.style import LARGE_SIDE, side_shown
from robust_core.dashboard.topics import loss_surface, why
from robust_core.dashboard.views import Views
from robust_core.defenses import Defense
from robust_core.experiment.frames import Frame
from robust_core.experiment.perform import Experiment
from robust_core.goals import ConfidenceReduction
from robust_core.words.numbers import in_255ths, number, percent, percents
from robust_core.words.threat_model import threat_model
from robust_core.words.verdict import quoted, said

SYMBOLS = {
    "eps": [r"\varepsilon"],
    "step_size": [r"\alpha"],
    "loss": ["J", "L", "f"],
    "overshoot": [r"\eta"],
    "confidence": [r"\kappa"],
    "initial_const": ["c"],
    "sigma": [r"\sigma"],
}
"""The symbols of a field in the papers' equations."""
TABS = (
    "Confidence",
    "Swipe",
    "Steps",
    "Equation",
    "Loss surface",
    "Why",
    "Classics",
    "Threat model",
    TITLE,
    "Reproduce",
)


def show_depth(
    request: Request, experiment: Experiment, views: Views, rows: Sequence[ComparedDefense] = ()
) -> None:
    """Tabs; only the open one is computed and sent. ``rows`` are the defences of the strip."""
    starting.load_tables()
    parts: tuple[Callable[[], None], ...] = (
        lambda: show_confidence(experiment),
        lambda: show_swipe(views),
        lambda: show_steps(experiment),
        lambda: show_equation(request, experiment),
        lambda: loss_surface.show(request, key="attack"),
        lambda: why.show(request, experiment, key="attack"),
        lambda: show_classics(request),
        lambda: show_threat_model(request.attack, experiment.goal.name),
        lambda: show_trust(ComparedDefense(Defense, request, None), experiment, rows),
        lambda: show_reproduction(request, experiment, views, rows),
    )
    there = dict(zip(TABS, parts, strict=True))
    if constant.belongs_to(request):  # last, so that the other tabs stay where they are
        there[constant.TITLE] = lambda: constant.show_constant(request, experiment)
    opened.draw_open(there, "depth")


def show_confidence(experiment: Experiment) -> None:
    """The five most probable classes before and after."""
    rows = charts.top_classes(experiment)
    words = "; ".join(f"{name} {percent(b)} to {percent(a)}" for name, b, a in rows)
    plots.draw(
        charts.confidence_bars(experiment),
        key="confidence",
        alt=f"Confidence before and after: {words}.",
    )


def show_swipe(views: Views) -> None:
    """Clean and adversarial on top of each other."""
    clean, adversarial = (imaging.enlarge(x, LARGE_SIDE) for x in (views.clean, views.adversarial))
    swipe(
        imaging.data_url(clean),
        imaging.data_url(adversarial),
        ("clean", "adversarial"),
        clean.shape[1],
        key="swipe",
    )


@st.fragment
def show_steps(experiment: Experiment) -> None:
    """A slider through the iterates; moving it computes nothing."""
    frames = experiment.frames
    if not frames:
        st.write(
            "This attack takes a single step. Choose BIM or PGD to watch an attack find its way."
        )
        return
    steps = [frame.step for frame in frames]
    returned = next((f.step for f in frames if f.loss is None), None)
    step = st.select_slider(
        "Step",
        steps,
        value=steps[-1],
        format_func=lambda s: "result" if s == returned else str(s),
        key=f"step_{len(steps)}",
    )
    frame = frames[steps.index(step)]
    names = {
        g.index: g.label
        for g in (experiment.label, *([experiment.target] if experiment.target else []))
    }
    names |= {
        i: next(g.label for g in (*experiment.after, *experiment.before) if g.index == i)
        for i in frame.confidences
        if i not in names
    }
    picture, chart = st.columns([1, 2])
    where = f"Step {step}" if frame.loss is not None else "The best iterate, which is returned"
    shares = zip(frame.confidences, percents(*frame.confidences.values()), strict=True)
    told = ", ".join(f"{quoted(names[i])} {share}" for i, share in shares)
    if frame.answer.index not in frame.confidences:
        told += f"; the model says {said(frame.answer)}"
    loss = f"; {loss_of(experiment)} {frame.loss:.2g}" if frame.loss is not None else ""
    native = max(frame.pixels.shape[:2])
    picture.container(key=f"iterate_{native}").image(
        imaging.data_url(imaging.enlarge(frame.pixels.numpy(), side_shown(native))),
        caption=f"{where}: {told}{loss}; change {in_255ths(frame.linf)} Linf, {number(frame.l2)} L2"
        f"{length_of(frame)}",
        alt=f"The picture: {where}.",
    )
    with chart:
        plots.draw(
            charts.confidence_path(frames, names, step),
            key="path",
            alt=f"Confidence of {', '.join(names.values())} at each step.",
        )


def length_of(frame: Frame) -> str:
    """How long the step was, where it is known."""
    return "" if frame.moved is None else f"; length of the step {number(frame.moved)} L2"


def loss_of(experiment: Experiment) -> str:
    """What the loss of a frame is called: attacks without such a field use the margin."""
    if hasattr(attacks.get(experiment.attack), "parts"):
        return "loss of the current part"
    if experiment.attack == Dynamic.name:
        asked = "detector" if experiment.parameters["sigma"] == 1 else "classifier"
        return f"cross-entropy of the {asked}"
    return TITLES["loss"][experiment.parameters.get("loss", "margin")]


def symbol_of(attack: Attack, name: str) -> str:
    """The symbol of a field in the attack's equation as ``" ($...$)"``; empty where it has none."""
    for symbol in SYMBOLS.get(name, []):
        if re.search(rf"(?<![A-Za-z\\]){re.escape(symbol)}(?![A-Za-z])", attack.equation):
            return f" (${symbol}$)"
    return ""


def can_stop(attack: Attack) -> bool:
    """Whether the attack has a second step, or query, that it can skip."""
    return getattr(attack, "steps", getattr(attack, "max_queries", 1)) > 1


def show_equation(request: Request, experiment: Experiment) -> None:
    """The method's equation, the values used here, and its source."""
    attack = request.attack
    st.latex(attack.formula(experiment.target is not None))
    st.write(type(attack).summary)
    given = [
        f"- **{name.replace('_', ' ')}**{symbol_of(attack, name)} = {_value(attack, name, value)}"
        for name, value in request.parameters.items()
    ]
    given.append(f"- **y** = {experiment.label.label}, {experiment.label_source}")
    if isinstance(experiment.goal, ConfidenceReduction):
        wanted = ", ".join(
            f"{name} {value:g}" for name, value in experiment.goal.parameters.items()
        )
        stop = ": the attack stops there" if can_stop(attack) else ""
        given.append(f"- **goal** = confidence reduction, {wanted}{stop}")
    if experiment.target:
        given.append(f"- **t** = {experiment.target.label}, the target: the class to reach")
    st.markdown("\n".join(given))
    if attack.paper:
        st.markdown(f"[{attack.paper}]({attack.paper.link})")


def show_threat_model(attack: Attack, goal: str) -> None:
    """The threat model: what the attacker knows, wants, may change, and regards as small."""
    st.write("What this attacker knows, wants, may do and regards as a small change:")
    rows = threat_model(attack, goal).items()
    st.markdown("\n".join(f"- **{axis}**: {value}. {why}" for axis, (value, why) in rows))


def rule_of(attack: Attack, name: str) -> str:
    """How an attack chooses a field that is empty, in the words of the field's help."""
    told = next(spec for spec in fields(attack) if spec.name == name).metadata["help"]
    rule = re.search(r"empty: (.+?)\.?$", told, re.IGNORECASE)
    return rule[1] if rule else "chosen by the attack"


def _value(attack: Attack, name: str, value: object) -> str:
    """A hyper-parameter with its unit, and the value of an automatic one."""
    if value is None:
        size = getattr(attack, "size", None)
        if name == "step_size" and size is not None:
            return f"{_value(attack, name, size)} (automatic)"
        return f"automatic: {rule_of(attack, name)}"
    if name not in ("eps", "step_size") or not isinstance(value, float):
        return TITLES.get(name, {}).get(str(value), str(value))
    return f"{value:.4g} in L2" if attack.norm == "l2" else f"{value:.4g} = {in_255ths(value)}"


def show_reproduction(
    request: Request, experiment: Experiment, views: Views, rows: Sequence[ComparedDefense]
) -> None:
    """The commands, the link and the files that reproduce the result, and the defences', elsewhere."""
    tried = [(row, trials.values()) for row in rows if (trials := row.finished[1])]
    reproduction.show_reproduction(
        request,
        commands(request, tried) if tried else request.command(),
        lambda: export.archive(request, experiment, views, rows),
        f"{request.attack.name}-{request.model.name}.zip",
        "Three PNG files, the exact change as NPY, and all parameters, versions and hashes, with what the "
        "defences above say.",
    )
