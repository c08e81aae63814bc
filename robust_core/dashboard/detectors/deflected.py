"""Deflected attacks on the page Detectors, on demand; and what a reconstruction detector does."""

from collections.abc import Sequence
from functools import partial
from html import escape

import plotly.graph_objects as go
import streamlit as st
import torch

from robust_core import zoo
from robust_core.dashboard import lab, plots
from robust_core.dashboard.choices import choose_in_list, choose_one
from robust_core.dashboard.components import buttons
from robust_core.dashboard.controls import EPS_CHOICES
from robust_core.dashboard.detectors import markup
from robust_core.dashboard.detectors.charts import fixed
from robust_core.dashboard.detectors.deflected_markup import CSS, table
from robust_core.dashboard.style import ADVERSARIAL, CLEAN, DETECTOR, GREY
from robust_core.data import DataMissing
from robust_core.detectors import Reconstruction
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.experiment import deflection
from robust_core.experiment.deflection import Deflection
from robust_core.papers import QIN_DEFLECTING
from robust_core.words import citations
from robust_core.words.numbers import in_255ths
from robust_core.words.verdict import quoted

START_EPS = 0.5
IDEA = (
    "## What the detector reads: the picture, and its reconstruction under the predicted class\n"
    "An autoencoder, trained on clean pictures, keeps **{code} numbers** of a picture for each class. "
    "Only those of the class that the classifier predicts reach its decoder, so it can draw nothing but "
    "that class: where the picture shows another, the two differ. A difference above {error:.3f}, root "
    "mean square in [0, 1] pixel units, is called adversarial: that is score {score:.3f} below."
)
WHAT = (
    "The attacker has to fool the classifier *and* keep the picture close to its reconstruction as the "
    "target class. Where eps is large enough for both, the picture that results often shows the target "
    "to people, too: the attack is **deflected** "
    f"({citations.markdown(QIN_DEFLECTING)})."
)
NONE = (
    "No reconstruction detector is bundled. It is made by: "
    "`python -m robust_core train reconstruction --install`."
)


def show_idea(found: dict[str, dict]) -> None:
    """What a reconstruction detector among ``found`` does, in place of the attachment points."""
    st.html(markup.CSS)
    for entry in found.values():
        if entry["method"] == Reconstruction.METHOD:
            code = entry["recipe"]["code"]
            error = entry["error_threshold"]
            st.markdown(IDEA.format(code=code, error=error, score=entry["threshold"]))


def detectors_for(model: str) -> list[str]:
    """The reconstruction detectors that are bundled, that of the model first."""
    try:
        entries = zoo.index()
        names = [n for n in zoo.detectors() if entries[n]["method"] == Reconstruction.METHOD]
    except zoo.ZooError:
        return []
    return sorted(names, key=lambda name: entries[name]["model"] != model)


def _with_pictures(names: Sequence[str]) -> tuple[str | None, list[str]]:
    """The first detector whose test pictures are on this machine, and why not those before it."""
    missing = []
    for name in names:
        record = zoo.spec(zoo.index()[name]["model"]).record
        try:
            record.folder()
        except DataMissing as error:
            lacking = str(error).removesuffix(".")
            missing.append(f"{name} is shown on test pictures of {record.title}. {lacking}.")
        else:
            return name, missing
    return None, missing


def show_deflected(model: str) -> None:
    """Target, eps and a button; then the gallery and the histogram."""
    st.markdown("## Deflected attacks: when fooling both takes a picture of the target")
    st.markdown(WHAT)
    names = detectors_for(model)
    detector, missing = _with_pictures(names)
    if missing:
        instead = f" Until then, this is **{detector}**." if detector else ""
        st.info(" ".join(missing) + instead, icon=":material/info:")
    if detector is None:
        if not names:
            st.info(NONE)
        return
    attacked = zoo.index()[detector]["model"]
    classes = zoo.describe(attacked).class_names
    target, eps = _choose(classes)
    if not st.session_state.get("_deflected"):
        st.caption(f"On {attacked}. Takes some seconds.")
        return
    found = lab.attempt(
        key_of(deflection=detector, entry=str(zoo.index()[detector]), target=target, eps=eps),
        lambda progress: _work(detector, target, eps, progress),
        channel="deflected",
        doing="Attacking both networks",
        words=lambda k, n: f"step {k:,} of {n:,}",
    )
    if found is not None:
        _draw(found, detector, classes)


def _choose(classes: Sequence[str]) -> tuple[int, float]:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        # Another classifier may have been chosen, with other classes.
        target = choose_in_list("Target class", classes, "deflect_target", classes[0], width=140)
        words = {eps: f"{eps:g}" for eps in EPS_CHOICES}
        eps = choose_one("Epsilon in Linf", words, "deflect_eps", START_EPS, width="content")
        buttons.begin("Attack one of each class", _wanted, key="deflect")
    return classes.index(target), eps


def _wanted() -> None:
    st.session_state["_deflected"] = True


def _work(name: str, target: int, eps: float, progress: Reporter) -> Deflection:
    """Load and attack; called in a thread of the engine."""
    record = zoo.spec(zoo.index()[name]["model"]).record
    images, labels = deflection.pictures_of(record)
    resembles = partial(deflection.nearest_class, record) if record.alike_when_near else None

    def on(device: torch.device) -> Deflection:
        detector = zoo.load_detector(name, device)
        if not isinstance(detector, Reconstruction):
            raise ValueError(f"detector must be one of reconstruction; got {name}")
        return deflection.deflect(
            detector,
            images,
            labels,
            target=target,
            eps=eps,
            resembles=resembles,
            progress=progress,
        )

    return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)


def sentence(found: Deflection, classes: Sequence[str]) -> str:
    """How many pass both tests, and how many of them are deflected."""
    passed = found.outcomes.count(deflection.BOTH)
    said = f"{passed} of {len(found.labels)} attacks pass both tests."
    if found.deflected is None or not passed:
        return said
    return (
        f"{said} {found.deflected} of these {passed} are deflected: the nearest training picture is a "
        f"{quoted(classes[found.target])}."
    )


def _draw(found: Deflection, detector: str, classes: Sequence[str]) -> None:
    st.markdown(f"**{sentence(found, classes)}**")
    gallery, chart = st.columns([3, 2], gap="medium")
    with gallery:
        st.html(CSS + table(found, classes))
        st.caption(
            f"{escape(detector)}, target {quoted(classes[found.target])}, eps {found.eps:g} "
            f"({in_255ths(found.eps)}) in Linf: `pgd-pair`, {deflection.RESTARTS} starts of "
            f"{deflection.STEPS} steps. The dashed line is the threshold, {found.error_threshold:.3f}."
            + " Nearest: the class of the training picture nearest in L2, which no attack looks at."
            * (found.resembles is not None)
        )
    with chart:
        plots.draw(
            error_histogram(found),
            key="deflected_errors",
            alt="Reconstruction errors of clean and adversarial pictures, with the threshold.",
        )
        st.caption(
            f"{len(found.own)} test pictures. Clean ones under the class predicted and under the target; "
            f"{_of_pgd(found)}"
        )


def _of_pgd(found: Deflection) -> str:
    """The results of an attacker aware only of the classifier."""
    made = len(found.plain)
    if not made:
        return "PGD, which knows the classifier alone, makes none of them the target at this eps."
    caught = int((found.plain > found.error_threshold).sum())
    told = (
        f"those that PGD, which knows the classifier alone, makes the target: {caught} of {made} are "
        "found"
    )
    if found.plain_alike is None:
        return f"{told}."
    return f"{told}; {found.plain_alike} happen to be nearest to a picture of the target."


def error_histogram(found: Deflection) -> go.Figure:
    """Errors of clean pictures under two classes and of adversarial ones, as shares of each kind."""
    kinds = (
        ("clean, own class", found.own, CLEAN, ""),
        ("clean, as the target", found.wrong, GREY, "."),
        ("made the target by PGD", found.plain, ADVERSARIAL, "/"),
    )
    top = max(float(e.max()) for _, e, _, _ in kinds if len(e)) * 1.02
    size = max(top, found.error_threshold * 1.1) / 30
    bars = [
        go.Histogram(
            x=errors.tolist(),
            name=name,
            histnorm="percent",
            xbins={"start": 0, "end": 31 * size, "size": size},
            autobinx=False,
            opacity=0.65,
            marker={"color": colour, "pattern": {"shape": shape, "solidity": 0.25}},
            hovertemplate=f"{name}, n: {len(errors):,}<br>error %{{x}}: %{{y:.1f}} %<extra></extra>",
        )
        for name, errors, colour, shape in kinds
    ]
    figure = go.Figure(bars, fixed(330, barmode="overlay", bargap=0, showlegend=True))
    figure.add_vline(
        x=found.error_threshold,
        line={"color": DETECTOR, "width": 2, "dash": "dash"},
        annotation={"text": "threshold", "yshift": -4, "xanchor": "left"},
    )
    figure.update_xaxes(title="reconstruction error, root mean square", rangemode="tozero")
    figure.update_yaxes(title="share of the pictures", ticksuffix=" %")
    return figure
