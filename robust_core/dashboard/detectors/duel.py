"""The dynamic adversary on the page Detectors: sigma, both networks step by step, and the verdict."""

from dataclasses import dataclass, replace

import plotly.graph_objects as go
import streamlit as st
import torch

from robust_core import imaging, zoo
from robust_core.attacks import Dynamic
from robust_core.dashboard import lab, plots
from robust_core.dashboard.choices import choose_in_list, choose_number, choose_one
from robust_core.dashboard.detectors.scores import titles
from robust_core.dashboard.presets import OWN, PRESETS
from robust_core.dashboard.request import Request
from robust_core.dashboard.style import CLEAN, DETECTOR
from robust_core.data.fitting import to_pixels, to_tensor
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.experiment.detection import scores
from robust_core.experiment.duel import Duel, duel
from robust_core.words.numbers import in_255ths, percent
from robust_core.words.verdict import quoted, said

SIDE = 256
SCHEDULES = PRESETS[Dynamic.name]
COLOURS = {
    "Fools both": "red",
    "Fools only the classifier": "orange",
    "Class unchanged, not flagged": "violet",
    "Class unchanged, flagged": "blue",
}
WHAT = (
    "This attacker knows both networks. **Sigma** is the detector's share of each step: at 0 it attacks "
    "only the classifier, at 1 only the detector, in between both at once."
)


@dataclass(frozen=True)
class DuelChoice:
    """A detector, its share of each step, and whose number and size of steps."""

    detector: str
    sigma: float
    schedule: str = OWN


def choose_duel(found: dict[str, dict], model: str) -> DuelChoice:
    """The controls of the section."""
    st.markdown("## An attacker who knows the detector: the dynamic adversary")
    st.markdown(WHAT)
    names = list(found)
    words = titles(found)
    default = zoo.default_detector(model) or names[0]
    left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
    detector = choose_in_list(
        "Detector to fool",
        names,
        "duel",
        default,
        shown=words.__getitem__,
        control=left.selectbox,
    )
    sigma = choose_number("Sigma", 0.0, 1.0, "sigma", 0.3, step=0.05, control=right.slider)
    schedule = choose_one(
        "Steps",
        {
            OWN: "10 of eps / 4",
            **{name: f"10 of 1/255 ({s.title})" for name, s in SCHEDULES.items()},
        },
        "duel_steps",
        OWN,
        width="content",
    )
    return DuelChoice(detector, sigma, schedule)


def request_of(request: Request, choice: DuelChoice, eps: float) -> Request:
    """The dynamic adversary on the same picture: 10 steps of 2.5 eps / 10, or a paper's own."""
    attack = Dynamic(eps=eps, sigma=choice.sigma, detector=zoo.LazyDetector(choice.detector))
    if choice.schedule in SCHEDULES:
        attack = attack.changed(**SCHEDULES[choice.schedule].values(eps))
    return replace(request, attack=attack, shown_eps=eps, detector=choice.detector)


def show_duel(request: Request, choice: DuelChoice, found: dict[str, dict]) -> None:
    """Run it, and show both answers at each step with the final picture and the verdict."""
    outcome = lab.attempt(
        key_of(duel=request.key(), entry=str(found[choice.detector].get("sha256"))),
        lambda progress: _work(request, choice, progress),
        channel="duel",
        doing=Dynamic.title,
        words=lab.steps(request.attack),
    )
    if outcome is not None:
        _draw(outcome, request)


def _dynamic(request: Request) -> Dynamic:
    """The attack of a request made by ``request_of``."""
    if not isinstance(request.attack, Dynamic):
        raise ValueError(f"attack must be {Dynamic.name}; got {request.attack.name}")
    return request.attack


def _work(request: Request, choice: DuelChoice, progress: Reporter) -> Duel:
    """Load and run; called in a thread of the engine."""

    def on(device: torch.device) -> Duel:
        detector = zoo.load_detector(choice.detector, device)
        attack = _dynamic(request)
        return duel(
            detector,
            to_tensor(request.pixels()),
            attack.changed(detector=detector),
            label=request.label,
            progress=progress,
        )

    return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)


def _draw(outcome: Duel, request: Request) -> None:
    label = quoted(outcome.label.label)
    first, last, threshold = scores(
        outcome.scores[0].item(), outcome.scores[-1].item(), outcome.threshold
    )
    flagged = "flags it" if outcome.flagged else "lets it pass"
    notes = [
        f"The classifier was wrong before: the picture shows {label}." * outcome.wrong_before,
        "The detector already rejects the clean picture." * outcome.flagged_before,
        f"Rounded to 8 bits: {outcome.rounded[0].lower()}{outcome.rounded[1:]}."
        * (outcome.rounded != outcome.verdict),
    ]
    st.markdown(
        f":{COLOURS[outcome.verdict]}-badge[{outcome.verdict}] The classifier says "
        f"{said(outcome.answer)}; the detector {flagged}: score {first} became {last}, "
        f"threshold {threshold}. {' '.join(filter(None, notes))}"
    )
    picture, chart = st.columns([1, 3], gap="medium")
    pixels = to_pixels(outcome.adversarial, outcome.clean)[0]
    picture.image(
        imaging.data_url(imaging.enlarge(pixels, SIDE)),
        caption=f"After the last step: {said(outcome.answer)}",
        alt=f"The adversarial picture: {outcome.answer.label}.",
    )
    with chart:
        plots.draw(
            duel_chart(outcome),
            key="duel_chart",
            alt=f"Confidence in {label} and the detector's score at each step.",
        )
    attack = _dynamic(request)
    st.caption(
        f"{request.model.name}, {attack.steps} steps of {in_255ths(attack.size)}, eps "
        f"{in_255ths(attack.eps)} in Linf. The attack moves away from {label}."
    )


def duel_chart(outcome: Duel) -> go.Figure:
    """Confidence in the true class, the detector's score and its threshold, against the step."""
    steps = list(range(len(outcome.scores)))
    lines = [
        go.Scatter(
            x=steps,
            y=values.tolist(),
            name=name,
            mode="lines+markers",
            line={"color": colour, "dash": dash},
            marker={"symbol": symbol, "size": 8},
            customdata=[percent(value) for value in values.tolist()],
            hovertemplate="step %{x}: %{customdata}<extra>" + name + "</extra>",
        )
        for values, name, colour, dash, symbol in (
            (outcome.confidence, f"classifier: {outcome.label.label}", CLEAN, "solid", "circle"),
            (outcome.scores, "detector: adversarial", DETECTOR, "dash", "square"),
        )
    ]
    lines.append(
        go.Scatter(
            x=[0, steps[-1]],
            y=[outcome.threshold] * 2,
            name="threshold",
            mode="lines",
            line={"color": DETECTOR, "dash": "dot", "width": 1.5},
            hovertemplate=f"rejected above {outcome.threshold:.3g}<extra></extra>",
        )
    )
    layout = plots.layout(
        300,
        xaxis=plots.FIXED | {"title": "step", "dtick": plots.whole_ticks(max(steps[-1], 1))},
        yaxis=plots.FIXED | {"range": [-0.03, 1.03], "tickformat": ".0%"},
    )
    return go.Figure(lines, layout)
