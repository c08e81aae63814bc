"""The part "A signal": a beat of a simulated sensor, after FGSM and with noise of the same size."""

import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from robust_core.dashboard import lab, plots
from robust_core.dashboard.choices import choose_number, choose_one
from robust_core.dashboard.components.status import status as show_status
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, GREY
from robust_core.engine import Reporter, key_of
from robust_core.experiment import sensed
from robust_core.experiment.sensed import FGSM, NOISE, Line
from robust_core.natural import bundle, signals
from robust_core.words.numbers import percent, share

EPS = (0.01, 0.02, 0.03, 0.05, 0.1)
COUNT = 600
SEED = 1
"""Of the held-out beats: the training's is 0."""
LOOKS = {
    sensed.CLEAN: ("as measured", CLEAN, "solid", "circle"),
    FGSM: ("FGSM", ADVERSARIAL, "solid", "diamond"),
    NOISE: ("random noise", GREY, "dot", "square"),
}
WHY = (
    "An application named by deck 003: a model for **noisy sensor signals** must hold up to its sensor. "
    "Random noise is what a sensor adds; FGSM changes every sample by the same amount, with the sign that "
    "hurts. Training for one says little about the other."
)


def draw(essentials: DeltaGenerator, right: DeltaGenerator, status: DeltaGenerator) -> None:
    """Which beat and how much on the left; the three lines, then accuracy over eps."""
    with essentials:
        number = choose_number("Held-out beat", 1, 30, "beat", 1)
        eps = choose_one("Epsilon in Linf", {e: f"{e:g}" for e in EPS}, "signal_eps", 0.03)
        st.caption("The full scale of the sensor is 1.")
    with right:
        with status:
            found = lab.compute(
                key_of(beat=number, eps=eps),
                lambda progress: look(number - 1, eps),
                channel="beat",
                doing="Attacking a beat",
            )
        if found is not None:
            label = signals.CLASSES[(number - 1) % len(signals.CLASSES)]
            st.markdown(f"## {headline(found, label, eps)}")
            plots.draw(traces(found), key="signal_traces", alt=headline(found, label, eps))
        st.markdown(WHY)
        _show_curve(eps)
        show_status("003-27")


def look(index: int, eps: float) -> dict[str, Line]:
    """One held-out beat; called in a thread of the engine."""
    beats, labels = signals.beats(COUNT, SEED)
    one = beats[index : index + 1]
    return sensed.lines(bundle.signal_network(), one, int(labels[index]), eps)


def count(progress: Reporter) -> dict[str, tuple[int, ...]]:
    """All held-out beats at every eps."""
    return sensed.right(bundle.signal_network(), *signals.beats(COUNT, SEED), (0.0, *EPS), progress)


def headline(found: dict[str, Line], label: str, eps: float) -> str:
    """What each of the two changes makes of the beat."""
    clean, fgsm, noise = (found[kind].answer for kind in sensed.KINDS)
    if clean.label != label:
        return f"This {label} beat is taken for {clean.label} before anything is changed."
    told = [
        f"{name} {'leaves it' if answer.label == label else f'makes it {answer.label}'}"
        for name, answer in (("FGSM", fgsm), ("noise of the same size", noise))
    ]
    return f"A {label} beat, eps {eps:g}: {', '.join(told)}."


def traces(found: dict[str, Line]) -> go.Figure:
    """The beat over time, three times."""
    figure = go.Figure(layout=plots.layout(300))
    for kind in (NOISE, FGSM, sensed.CLEAN):
        name, colour, dash, _ = LOOKS[kind]
        answer = found[kind].answer
        figure.add_scatter(
            y=found[kind].values,
            name=f"{name}: {answer.label} {percent(answer.confidence)}",
            mode="lines",
            line={"color": colour, "dash": dash, "width": 2},
            hovertemplate=f"sample %{{x}}: %{{y:.3f}}<extra>{name}</extra>",
        )
    figure.update_xaxes(title="sample", **plots.FIXED)
    figure.update_yaxes(range=[0, 1], title="full scale", **plots.FIXED)
    return figure


def _show_curve(eps: float) -> None:
    found = lab.compute(
        key_of(beats=COUNT, seed=SEED, eps=EPS), count, channel="beats", doing="Attacking all beats"
    )
    if found is None:
        return
    at = (0.0, *EPS).index(eps)
    fgsm, noise = (found[kind][at] / COUNT for kind in (FGSM, NOISE))
    st.markdown(
        f"### Of {COUNT} held-out beats at eps {eps:g}: right after FGSM {share(fgsm)}, after noise "
        f"{share(noise)}"
    )
    told = "; ".join(
        f"{LOOKS[kind][0]}: "
        + ", ".join(
            f"eps {e:g} {share(n / COUNT)}" for e, n in zip((0.0, *EPS), counts, strict=True)
        )
        for kind, counts in found.items()
    )
    plots.draw(accuracy(found), key="signal_accuracy", alt=f"Accuracy against eps. {told}.")
    entry = bundle.entry_of(bundle.SIGNAL)
    st.caption(
        f"Signals are **simulated**, not from patients: bumps on a wandering baseline, {signals.LENGTH} "
        f"samples, sensor noise of deviation {signals.SENSOR:g}; classes {', '.join(signals.CLASSES)}. A "
        f"network of three convolutions, trained on {entry['n_train']:,} of them, right on "
        f"{entry['right']} of {entry['n_held_out']} held-out ones. FGSM: one step, Linf; noise: a random "
        f"sign times eps on every sample, seed 0. Made by: `{entry['command']}`."
    )


def accuracy(found: dict[str, tuple[int, ...]]) -> go.Figure:
    """Both curves over eps."""
    figure = go.Figure(layout=plots.layout(300))
    for kind, counts in found.items():
        name, colour, dash, symbol = LOOKS[kind]
        figure.add_scatter(
            x=(0.0, *EPS),
            y=[n / COUNT for n in counts],
            name=name,
            mode="lines+markers",
            line={"color": colour, "dash": dash, "width": 2.5},
            marker={"symbol": symbol, "size": 8},
            hovertemplate=f"eps %{{x}}: %{{y:.1%}}<extra>{name}</extra>",
        )
    figure.update_xaxes(title="eps", tickvals=(0.0, *EPS), **plots.FIXED)
    figure.update_yaxes(range=[-0.02, 1.04], tickformat=".0%", title="right", **plots.FIXED)
    return figure
