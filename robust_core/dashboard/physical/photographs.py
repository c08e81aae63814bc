"""The part "Through a photograph": which attacks a print and a camera destroy, live and measured."""

import plotly.graph_objects as go
import streamlit as st
import torch

from robust_core import data, zoo
from robust_core.attacks.physical.transformation import PHOTO
from robust_core.dashboard import lab, plots
from robust_core.dashboard.choices import choose_number, choose_one
from robust_core.dashboard.components.strip import FOOLED, RIGHT, Cell, strip
from robust_core.dashboard.fetching import is_here
from robust_core.dashboard.physical import photograph_words as words
from robust_core.dashboard.request import Chosen
from robust_core.dashboard.style import ADVERSARIAL, GREY
from robust_core.dashboard.subject import Subject, is_wanted
from robust_core.data.fitting import to_tensor
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.evaluation.physical import results
from robust_core.evaluation.physical.plan import DESTRUCTION, EPS
from robust_core.evaluation.physical.published import KURAKIN_SOURCE, SYNTHETIC
from robust_core.evaluation.physical.results import Report
from robust_core.experiment import photographed
from robust_core.experiment.photographed import Photographs, Stage
from robust_core.papers import KURAKIN
from robust_core.words import citations
from robust_core.words.models import title
from robust_core.words.numbers import in_255ths, percent, share
from robust_core.words.verdict import quoted
from robust_core.zoo import Description

PHOTOGRAPHS = 30
SIDE = 112
WHAT = (
    f"Print the picture, photograph the print, and ask again ({citations.markdown(KURAKIN)}). Here random "
    "perspective, blur, light, noise and JPEG stand in for printer and camera; all pictures get the same "
    "ones."
)
FORMULA = (
    r"d = \frac{\sum_k C(X_k, y_k)\;\overline{C}(X'_k, y_k)\;C(T(X'_k), y_k)}"
    r"{\sum_k C(X_k, y_k)\;\overline{C}(X'_k, y_k)}"
)
MEANING = (
    "The **destruction rate** d: of the pictures that are right when clean, $C(X, y) = 1$, and wrong when "
    "attacked, $\\overline{C}(X', y) = 1$, the share that the photograph T puts right again. At 0 every "
    "attack survives, at 1 none does. A picture that was wrong anyway, or on which the attack fails, is "
    "not counted; where none counts, there is no rate."
)
LESSON = (
    "One large step (FGSM) survives best. What many small steps have fitted closely to one picture is "
    "destroyed more often, most of all where it aims at the least likely class."
)


def draw(model: Description, chosen: Chosen, how: str) -> None:
    """The live strip, then the formula, then the measured rates beside the published ones."""
    st.markdown("## Does it survive a print and a camera?")
    st.markdown(WHAT)
    if is_here(model):
        _show_live(Subject(model, chosen, how))
    st.markdown("## The destruction rate")
    st.latex(FORMULA)
    st.markdown(MEANING)
    _show_measured(model)


def _show_live(subject: Subject) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        levels = {eps: in_255ths(eps) for eps in (4 / 255, *EPS)}
        eps = choose_one("Epsilon in Linf", levels, "photo_eps", EPS[0])
        strength = choose_number(
            "Strength of the camera",
            0,
            100,
            "photo_strength",
            100,
            called="Camera",
            step=10,
            format="%d %%",
            width=280,
            help="0 %: no camera at all. Then nothing is destroyed.",
        )
    if not is_wanted("photo", subject.model, "Attack it, print it, photograph it"):
        st.caption("Takes a few seconds.")
        return
    key = key_of(photographs=subject.key, eps=eps, strength=strength, n=PHOTOGRAPHS)
    found = lab.compute(
        key,
        lambda progress: work(subject, eps, strength, progress),
        channel="photographs",
        doing="Attacking and photographing",
    )
    if found is not None:
        st.markdown(f"### {words.headline(found)}")
        _show_one(found, subject, key)


def work(subject: Subject, eps: float, strength: int, progress: Reporter) -> Photographs:
    """Load, attack, photograph; called in a thread of the engine."""

    def on(device: torch.device) -> Photographs:
        return photographed.photograph(
            zoo.load(subject.model.name, device),
            to_tensor(subject.pixels).to(device),
            eps=eps,
            label=subject.label,
            camera=PHOTO.scaled(strength / 100),
            photographs=PHOTOGRAPHS,
            progress=progress,
        )

    return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)


@st.fragment  # another photograph redraws the strip alone
def _show_one(found: Photographs, subject: Subject, key: str) -> None:
    """One photograph of all four prints, stage by stage."""
    n = found.photographs
    chosen = st.slider("Photograph number", 1, n, key="photo_number", width=280)
    name = subject.model.name

    def look(progress: Reporter) -> tuple[tuple[Stage, ...], ...]:
        def on(device: torch.device) -> tuple[tuple[Stage, ...], ...]:
            return photographed.develop(zoo.load(name, device), found, chosen - 1)

        return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)

    seen = lab.compute(
        key_of(of=key, number=chosen), look, channel="photograph", doing="Developing"
    )
    if seen is None:
        return
    for attacked, stages in zip(found.prints, seen, strict=True):
        told = words.outcome(found, attacked, stages[-1])
        st.markdown(f"**{words.NAMES[attacked.attack]}**: {told}")
        st.html(strip([_cell(stage, found.label) for stage in stages], side=SIDE))
    iterative = found.prints[-1].steps
    st.caption(
        f"Eps {in_255ths(found.eps)} in Linf; BIM and least likely in {iterative} steps of 1/255. ✓ and a "
        f"solid line: {subject.model.class_names[found.label]}, its class. Each stage comes on top of the "
        "last."
    )


def _cell(stage: Stage, label: int) -> Cell:
    told = f"{quoted(stage.answer.label)} {percent(stage.answer.confidence)}"
    kind = RIGHT if stage.answer.index == label else FOOLED
    return Cell(stage.pixels.numpy(), words.STAGES[stage.name], told, kind)


def _show_measured(model: Description) -> None:
    """The committed rates, of this model or else of the first that has some, beside the published ones."""
    report = results.report()
    measured = report.models(DESTRUCTION)
    if not measured:
        st.info(report.lacking)
        return
    name = model.name if model.name in measured else measured[0]
    st.markdown(f"### Ours, simulated, beside the published ones: {title(name)}")
    st.markdown(LESSON)
    bars = words.bars(report, name)
    told = "; ".join(
        f"{at}: ours {share(own)}, published {share(other)}" for at, own, other in bars
    )
    plots.draw(chart(bars), key="destruction_bars", alt=f"Destruction rates. {told}.")
    st.dataframe(words.rows(report, name), hide_index=True)
    st.caption(conditions(report, name))


def conditions(report: Report, name: str) -> str:
    """Of whom the figures are, and how to make them again."""
    mine = [row for row in report.destruction if row.model == name]
    row = max(mine, key=lambda row: row.top1["pictures"])
    clean = ", ".join(
        f"{r.transformation} {share(r.top1['clean'], 0)}"
        for r in mine
        if (r.attack, r.eps) == (row.attack, row.eps)
    )
    return (
        f"Ours: {name}, test pictures of {data.get(row.data).title}, evenly spread, "
        f"{row.top1['draws']} photographs of each, top-1. Counted: right when clean and wrong when "
        f"attacked. Clean photographs that are right, of {row.top1['pictures']} pictures: {clean}. "
        f"Published: {KURAKIN_SOURCE}; prefiltered: attacks chosen for their confidence. Another network, "
        "other pictures, real prints: compare the order, not the size. On single stages they report: blur, "
        f"noise and JPEG {SYNTHETIC['jpeg']}; {SYNTHETIC['light']}. Made by: "
        f"`{report.command} --part {DESTRUCTION}`."
    )


def chart(bars: list[tuple[str, float | None, float]]) -> go.Figure:
    """Two bars for each attack and eps."""
    figure = go.Figure(
        layout=plots.layout(330, barmode="group", legend=plots.ABOVE | {"traceorder": "normal"})
    )
    names = [at for at, _, _ in bars]
    for name, values, look in (
        ("ours, simulated", [own for _, own, _ in bars], (ADVERSARIAL, "")),
        ("published, printed", [other for _, _, other in bars], (GREY, "/")),
    ):
        hover = "%{y}: %{x:.1%}<extra>" + name + "</extra>"
        figure.add_trace(plots.sideways_bars(name, names, values, look, hovertemplate=hover))
    figure.update_xaxes(range=[0, 1], tickformat=".0%", title="destroyed", **plots.FIXED)
    figure.update_yaxes(autorange="reversed", fixedrange=True)
    return figure
