"""The page Detectors: its controls, the architecture, and all detectors on one picture."""

import json
from typing import cast

import streamlit as st
import torch

from robust_core import attacks, data, zoo
from robust_core.attacks.gradient import Steps
from robust_core.dashboard import controls, fixed, lab
from robust_core.dashboard.choices import choose_in_list, choose_one
from robust_core.dashboard.detectors import chain, markup
from robust_core.dashboard.request import Request
from robust_core.dashboard.settings import choose
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.experiment.panel import Panel, panel
from robust_core.experiment.perform import Experiment
from robust_core.models.detector import attachments
from robust_core.models.staged import Staged
from robust_core.words.detectors import (
    FAR,
    far_from_training,
    hints,
    sources,
    steps_of,
    title,
)
from robust_core.words.numbers import in_255ths
from robust_core.words.verdict import sentence

MODEL = "cifar10-resnet32"
"""The classifier that detectors are attached to."""
START = "bim"
NONE_YET = "No detectors are bundled for {}."
HOW = " They are made by: `python -m robust_core train detector --all-missing`."


def titles(found: dict[str, dict]) -> dict[str, str]:
    """What the page calls each detector; two of one title also get their name."""
    words = {name: title(entry) for name, entry in found.items()}
    several = list(words.values())
    return {n: f"{w} ({n})" if several.count(w) > 1 else w for n, w in words.items()}


def choose_attack() -> type[attacks.Attack]:
    """An attack on the classifier alone; initially BIM, which detectors are trained on."""
    name = choose_in_list(
        "Attack",
        attacks.local_names(),
        "detect",
        START,
        shown=lambda n: attacks.get(n).title,
        help="It is unaware of the detectors. Its other parameters are set on the page Attack.",
    )
    return attacks.get(name)


def start_of_eps(model: zoo.Description) -> dict:
    """The page's initial eps, and the prefix of its settings.

    Pictures that need a larger one have settings of their own.
    """
    usual = data.get(zoo.spec(MODEL).data).start_eps
    start = data.get(model.data).start_eps if model.data else usual
    return {"own": "detect_" if start == usual else f"{model.data}_", "start": start}


def reads(model: zoo.Description) -> bool:
    """Whether subnetworks attach to a classifier."""
    return bool(model.data and attachments(zoo.skeleton(model.name)))


def chain_for(model: zoo.Description) -> chain.Chain:
    """The chain of a classifier that subnetworks attach to; of ``MODEL`` where they attach to none."""
    if not reads(model):
        model = zoo.describe(MODEL)
    name = zoo.spec(model.name).title or model.name
    network = cast(Staged, zoo.skeleton(model.name))
    return chain.chain_of(network, model.input_size, name, len(model.class_names))


def show_architecture(found: dict[str, dict], model: zoo.Description) -> str:
    """The chain of the classifier and its attachment points; the chosen point, if there are several."""
    shown = chain_for(model)
    st.html(markup.CSS)
    st.markdown("## Where a detector reads: a second network on what the classifier computes")
    place = st.empty()
    point = shown.usual_point
    if len(shown.attachments) > 1:
        point = choose_one(
            "Attachment point",
            {point: point for point in shown.attachments},
            "point",
            shown.usual_point,
            label_visibility="collapsed",
            width="stretch",
        )
    place.html(chain.drawing(shown, point))
    mine = at(found, point)
    names = [t.removeprefix(f"{point}, ") for n, t in titles(found).items() if n in mine]
    told = f"Bundled here: {'; '.join(names)}." if names else "No bundled detector reads here."
    st.markdown(f":small[{chain.about(shown, point)} {told}]")
    return point


def has_points(found: dict[str, dict]) -> bool:
    """Whether any of these detectors reads at an attachment point; also true where there are none yet."""
    return not found or any(entry.get("point") for entry in found.values())


def at(found: dict[str, dict], point: str | None) -> set[str]:
    """The detectors that read at a point, possibly at others too."""
    if point is None:
        return set()
    return {name for name, entry in found.items() if point in str(entry.get("point") or "")}


def show_scores(request: Request, found: dict[str, dict], point: str | None) -> Experiment | None:
    """Attack the picture, ask every detector, a row for each; the outcome of the attack.

    Those that read at ``point`` are marked.
    """
    st.markdown("## Every detector's score for this picture")
    attack = request.attack
    experiment = lab.attempt(
        request.key(),
        request.work,
        channel="detectors",
        doing=type(attack).title,
        words=lab.steps(attack),
    )
    if experiment is None:
        return None
    for notice in experiment.notices:
        st.caption(notice)
    said = lab.attempt(
        panel_key(request, found),
        lambda progress: _ask(list(found), experiment, progress),
        channel="scores",
        doing=f"Asking {len(found)} detector{'s' * (len(found) > 1)}",
    )
    if said is not None:
        _show_panel(request, experiment, said, found, point)
    return experiment


def panel_key(request: Request, found: dict[str, dict]) -> str:
    """The attack's key with the index entries of the detectors."""
    return key_of(panel=request.key(), detectors=json.dumps(found, sort_keys=True))


def _ask(names: list[str], experiment: Experiment, progress: Reporter) -> Panel:
    """Load the detectors and ask them; called in a thread of the engine."""

    def on(device: torch.device) -> Panel:
        return panel(names, experiment.clean, experiment.shown, device)

    return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)


def _show_panel(
    request: Request, experiment: Experiment, said: Panel, found: dict[str, dict], point: str | None
) -> None:
    attack = request.attack
    st.markdown(f"**{said.sentence}** {sentence(experiment, attack.norm)}")
    st.html(markup.table(said, titles(found), at(found, point)))
    for hint in hints_of(said, experiment):
        st.caption(f":material/info: {hint}")
    for name, why in said.refused.items():
        st.error(f"{titles(found)[name]}: {why}")
    marked = f"Marked: detectors at {point}. " if point else ""
    st.caption(
        f"Scores from 0 (genuine) to 1 (adversarial); the dashed line is each detector's own threshold, "
        f"set on clean pictures and written at the end of the row. A bar that crosses it is rejected; "
        f"detectability, below, is measured at score 0.5 for all, as in the paper. {marked}"
        f"{type(attack).title} knows the classifier only{size_of(attack)}. {sources(found.values())}"
    )


def hints_of(said: Panel, experiment: Experiment) -> list[str]:
    """What to keep in mind about the answers; of several detectors, for how many of them."""
    far = experiment.judged
    seen = list(said.said.values())
    n = len(seen)
    if n == 1:
        return hints(seen[0], far.linf, far.l2)
    unlike = sum(each.outside_calibration for each in seen)
    small = sum(bool(far_from_training(each, far.linf, far.l2)) for each in seen)
    told = []
    if unlike:
        told.append(
            f"{unlike} of {n} give the clean picture a score beyond those of all pictures that their "
            "threshold was set on: it is unlike them, and their rate of false alarms does not hold for it."
        )
    if small:
        told.append(
            f"The change, {in_255ths(far.linf)} Linf, is more than {FAR} times the eps that {small} of {n} "
            "were trained on: far outside their training."
        )
    return told


def size_of(attack: attacks.Attack) -> str:
    """``, and takes 10 steps of 0.5/255``; empty for attacks without steps of one size."""
    if not isinstance(attack, Steps):
        return ""
    return f", and takes {steps_of(attack.steps, attack.size, attack.norm)}"


def offer_model(model: zoo.Description) -> None:
    """What to do where the chosen classifier has no detectors."""
    st.info(NONE_YET.format(model.name) + HOW * (model.name == MODEL))
    if model.name != MODEL:
        st.button(
            f"Use {MODEL}",
            on_click=choose,
            args=("model", MODEL),
            disabled=fixed.locked("model"),
            icon=":material/undo:",
        )


def request_of(chosen, how: str, model, attack, eps: float) -> Request:
    """The request that the page Attack would make, with the parameters kept there.

    Raises ``ValueError`` for parameters that do not go together.
    """
    parameters = controls.kept_parameters(attack, eps)
    run = controls.with_eps(attack(**parameters), eps, model)
    return Request(chosen, how, model, run, shown_eps=eps)
