"""What Carlini and Wagner's constant does to the picture of the page, and why they search in w."""

import streamlit as st
import torch

from robust_core import zoo
from robust_core.attacks import CWL2
from robust_core.dashboard import lab, plots
from robust_core.dashboard.attack.constant_charts import box_chart, constant_chart
from robust_core.dashboard.request import Request
from robust_core.data.fitting import to_tensor
from robust_core.devices import best_device
from robust_core.engine import Reporter, key_of, on_cpu_if_out_of_memory
from robust_core.experiment.constants import ConstantCurve, constant_curve
from robust_core.experiment.perform import Experiment

TITLE = "Constant c"
PIXEL = r"x' = \mathrm{clip}\big(\tfrac12(\tanh w / 0.9 + 1)\big)"
WHY = (
    "A picture must stay within [0, 1]. Clipping after every step would confuse Adam's memory, so the "
    "attack moves w, which may be any number, and tanh brings it into the box. The slope is how fast a "
    "pixel follows w: greatest in the grey middle, and in the authors' form zero at black and white, where "
    "a pixel would be stuck. Here tanh is stretched by 1/0.9, so that black and white pixels still move at "
    "19 % of the speed of grey ones."
)


def belongs_to(request: Request) -> bool:
    """Whether the page's attack is the one that the tab is about."""
    return type(request.attack) is CWL2


def show_constant(request: Request, experiment: Experiment) -> None:
    """The curve, the bisection, and the variable w."""
    found = lab.compute(
        key_of(constants=request.key()),
        lambda progress: work(request, experiment.label.index, progress),
        channel="constant",
        doing="Searching at several constants",
    )
    if found is not None:
        plots.draw(constant_chart(found), key="constant", alt=told(found))
        st.caption(
            f"{told(found)} With too small a constant the distance wins: the goal is not reached, or only "
            "in passing, far away, by Adam's first long steps. With too large a one the search goes too "
            "far. So the attack starts with one constant, multiplies it by ten until it succeeds, then "
            "bisects between failure and success, and keeps the nearest success. Each search starts from "
            "the clean picture."
        )
    st.caption(
        "Deck 002 prints the objective without “, −κ”: the largest of one number is that number. With it "
        "the classes no longer count once the margin is κ: only the distance is left."
    )
    st.markdown("**Why w?**")
    st.latex(PIXEL)
    plots.draw(box_chart(), key="box", alt="A pixel and its slope against w.")
    st.caption(WHY)


def told(found: ConstantCurve) -> str:
    """The searches in a sentence."""
    each = [
        f"c {trial.const:.3g} "
        + ("fails" if trial.l2 is None else f"reaches it at L2 {trial.l2:.3g}")
        for trial in found.path
    ]
    return f"The attack's searches: {', '.join(each)}."


def work(request: Request, label: int, progress: Reporter) -> ConstantCurve:
    """Load the model and search; called in a thread of the engine."""
    attack = request.attack
    assert isinstance(attack, CWL2)

    def on(device: torch.device) -> ConstantCurve:
        return constant_curve(
            zoo.load(request.model.name, device),
            to_tensor(request.pixels()).to(device),
            attack,
            label=label,
            goal=request.goal,
            progress=progress,
            mask=request.mask(),
        )

    return on_cpu_if_out_of_memory(on, best_device(), on_notice=progress.notice)
