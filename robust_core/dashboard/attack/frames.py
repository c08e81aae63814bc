"""A build-up on the page: two rows in the same form, as printed and on the page's own picture."""

import streamlit as st
import torch
from streamlit.delta_generator import DeltaGenerator

from robust_core import zoo
from robust_core.dashboard import lab
from robust_core.dashboard.attack import five_eps
from robust_core.dashboard.attack.classics import CLASSICS, Classic, robust_relative
from robust_core.dashboard.choices import pick_one
from robust_core.dashboard.components.captioned import captioned
from robust_core.dashboard.request import Request
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.experiment.build_up import BuildUp, build_up
from robust_core.words.numbers import in_255ths, number
from robust_core.words.verdict import quoted, said

FIVE = "Five eps"
FRAMES = ("1", "2", "3", "4", "5")
"""Picture; plus eps times the change; equals; what the model says; what a robust network says."""
SIDE = 224
WIDTHS = [5, 2, 5, 1, 5]


@st.fragment
def show_classics(request: Request) -> None:
    """One of the figures, or the tutorial's five eps. Its choices rerun only this section."""
    titles = {FIVE: ""} | {each.title: name for name, each in CLASSICS.items()}
    title = pick_one("Figure", titles, "classic", FIVE)
    if title == FIVE:
        five_eps.show(request)
        return
    classic = CLASSICS[titles[title]]
    frame = int(pick_one("Frame", FRAMES, "classic_frame", FRAMES[-1]))
    try:
        own = classic.request(request)
    except ValueError as error:
        st.info(str(error))
        return
    found = lab.compute(
        key_of(build_up=own.key(), robust=robust_relative(request.model.name)),
        lambda progress: work(own, progress),
        channel="classic",
        doing=own.attack.title,
        words=lab.steps(own.attack),
    )
    _show_printed(classic, frame)
    if found is not None:
        _show_own(classic, own, found, frame)


def work(request: Request, progress: Reporter) -> BuildUp:
    """Attack, then ask about the parts; called in a thread of the engine."""
    experiment = request.work(progress)
    name = robust_relative(request.model.name)

    def on(device: torch.device) -> BuildUp:
        robust = zoo.load(name, device) if name else None
        return build_up(experiment, zoo.load(request.model.name, device), robust)

    return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)


def _show_printed(classic: Classic, frame: int) -> None:
    """The figure in words: its pictures are not ours to show."""
    st.markdown(f"**As printed** :small[{classic.source}]")
    cells = _row(frame, classic.sign)
    cells[0].markdown(classic.before)
    if frame > 1:
        cells[2].markdown(classic.alone)
    if frame == 3:
        cells[4].markdown("?")
    if frame > 3:
        cells[4].markdown(classic.after if frame == 4 or not classic.robust else _struck(classic))
    if classic.note:
        st.caption(classic.note)


def _struck(classic: Classic) -> str:
    return f"~~{classic.after}~~ a robust network: {classic.robust}"


def _show_own(classic: Classic, request: Request, found: BuildUp, frame: int) -> None:
    experiment = found.experiment
    st.markdown(f"**Here** :small[{request.model.called}, {request.attack.title}]")
    clean, adversarial = (x.numpy() for x in experiment.pixels())
    cells = _row(frame, own_sign(found))
    captioned(cells[0], clean, said(experiment.before[0]), side=SIDE)
    if frame > 1:
        captioned(cells[2], found.change, f"alone: {said(found.alone)}", side=SIDE)
    if frame > 2:
        words = "?" if frame == 3 else verdict(classic, found, frame)
        captioned(cells[4], adversarial, words, side=SIDE)
    st.caption(conditions(classic, request, found, frame))


def _row(frame: int, sign: str) -> list[DeltaGenerator]:
    """Five places, with the signs between the pictures that the frame has."""
    cells = st.columns(WIDTHS, gap="small", vertical_alignment="center")
    if frame > 1:
        cells[1].markdown(f"**{sign}**", text_alignment="center")
    if frame > 2:
        cells[3].markdown("**=**", text_alignment="center")
    return cells


def own_sign(found: BuildUp) -> str:
    """What the shown perturbation is multiplied by: it is drawn at full range."""
    experiment = found.experiment
    size = experiment.linf if experiment.eps is None else experiment.eps
    return f"+ {size:.3g} ×"


def verdict(classic: Classic, found: BuildUp, frame: int) -> str:
    """What the model says; in the last frame what a robust network says of the same picture."""
    experiment = found.experiment
    answer = said(experiment.after[0])
    if experiment.judged.linf == 0 < experiment.linf:
        answer = f"{said(found.exact)}, before rounding to 8 bits"
    if classic.human:
        answer = f"human: {quoted(experiment.label.label)}, AI: {answer}"
    if frame < 5:
        return answer
    if found.robust is None:
        return f"{answer}  \nno robust network here for this model"
    before = f"~~{answer}~~" if experiment.success else answer
    return f"{before}  \n{found.robust_name}: {said(found.robust)}"


def conditions(classic: Classic, request: Request, found: BuildUp, frame: int) -> str:
    """What was run, and the first five before and, once it is shown, after."""
    experiment = found.experiment
    size = f"Linf {in_255ths(experiment.judged.linf)}, L2 {number(experiment.judged.l2)}"
    aimed = ""
    if experiment.target is not None:
        instead = "" if experiment.target.label == classic.target else ", the least likely class"
        aimed = f" Towards “{experiment.target.label}”{instead}."
    after = f" After: {said(*experiment.after)}." if frame > 3 else ""
    return (
        f"{request.attack.title}; change {size}; the perturbation is drawn {found.factor:g} times as "
        f"large, around grey.{aimed} First five before: {said(*experiment.before)}."
        f"{after}"
    )
