"""The page Live training: one step of each method, what breaks it, and where it comes from."""

from functools import cache

import streamlit as st

from robust_core.dashboard.live_training import markup
from robust_core.dashboard.live_training.words import PRINTED, WHY_PRINTED, WORDS, printed_sum
from robust_core.data import digits
from robust_core.training.live.train import Plan

TWO_LOOPS = (
    "Robust optimisation: the inner loop looks for the worst picture, the outer one learns from it "
    "(Madry et al., 2018, equation 2.1)."
)
ONE_LOOP = {
    "distillation": (
        "the teacher's answers are the labels",
        "One loop: no picture is attacked. The teacher was trained before, at the same T, on the true "
        "labels. The last layer begins T times as large, as its logits are divided by T.",
    ),
    "static": (
        "one loop, over copies that were made before",
        "One loop: the attack came once, before the first step, and on other weights.",
    ),
    "gradient": (
        "one loop, and the gradient in the loss",
        "One loop: instead of an attack within the step, the loss keeps the gradient at the picture "
        "small.",
    ),
}
PLAIN = ("one loop", "One loop: no picture is attacked, and nearby pictures play no part.")


def show_step(plan: Plan) -> None:
    """The loops, what breaks the method, the form in print, and the sources."""
    words = WORDS[plan.method]
    title, meaning = step_words(plan)
    st.markdown(f"## One step of the training: {title}")
    st.html(markup.flow(plan))
    rounds = -(-_pictures() * plan.copies // plan.recipe.batch)
    twice = " for the teacher and as many for the student" * (plan.method == "distillation")
    st.caption(f"{rounds} such steps are an epoch; here {plan.epochs}{twice}. {meaning}")
    st.markdown("## What breaks it")
    st.markdown(words.breaks)
    st.caption("; ".join(f"[{paper}]({paper.link})" for paper in words.papers) + ".")
    if plan.method == "lambda":
        st.markdown("## As printed")
        st.latex(PRINTED)
        wrong = printed_sum(plan.weight)
        st.markdown(WHY_PRINTED.format(wrong=wrong, weight=plan.weight))


@cache
def _pictures() -> int:
    """The number of training pictures."""
    return len(digits.load("train")[1])


def step_words(plan: Plan) -> tuple[str, str]:
    """The title of the step and what it means: an inner loop only where pictures are attacked in it."""
    if plan.attacks_itself:
        return "a loop in a loop", TWO_LOOPS
    return ONE_LOOP.get(plan.method, PLAIN)
