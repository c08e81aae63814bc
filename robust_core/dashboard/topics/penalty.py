"""Adversarial training as a penalty: logistic regression, where the worst case is known exactly."""

import streamlit as st
import torch

from robust_core.dashboard import lab, plots
from robust_core.dashboard.topics import figures
from robust_core.engine import key_of
from robust_core.toys import logistic
from robust_core.toys.logistic import Logistic
from robust_core.words.numbers import short_share

PAIR = (3, 8)
FORMULA = r"\mathbb{E}\;\mathrm{softplus}\big(\varepsilon\lVert w\rVert_1 - y\,(w^\top x + b)\big)"
WHAT = (
    "“Training with an adversarial objective function is an effective regularizer.” (Châtel, "
    "Adversarial examples in deep learning, 2017, after Goodfellow et al., 2015)"
)
WHY = (
    "For logistic regression FGSM is the exact worst case: it takes ε‖w‖₁ from the margin of every "
    "picture, and nothing within ε takes more. Adversarial training puts that **inside** the softplus: it "
    "vanishes once the margin is large. L1 weight decay adds it **outside**, where it never vanishes."
)
DEEP = (
    "For a deep network this holds to first order, L(x + δ) ≈ L(x) + ε‖∇L‖₁: a penalty on the gradient "
    "with respect to the picture, which is the defence “gradient penalty”."
)


def show_penalty() -> None:
    """The formula, a slider for eps, and three losses against the margin."""
    st.caption(WHAT)
    left, right = st.columns([1, 2], gap="medium")
    with left:
        st.latex(FORMULA)
        eps = st.slider(
            "eps", 0.0, 0.3, 0.1, 0.01, key="penalty_eps", persist_state="session", width=420
        )
        st.markdown(WHY)
    key = key_of(penalty=list(PAIR), eps=eps)
    found = lab.compute(key, lambda progress: work(eps), channel="penalty", doing="Fitting")
    if found is None:
        return
    model, before, after = found
    with right:
        _draw(model, eps, before, after)
    with left:
        st.markdown(f"**{sentence(model, eps, before)}**")
        st.caption(DEEP)


def work(eps: float) -> tuple[Logistic, torch.Tensor, torch.Tensor]:
    """The fitted model; margins of the test pictures, and their losses after FGSM."""
    model = logistic.fit(*logistic.two_digits("train", PAIR))
    x, y = logistic.two_digits("test", PAIR)
    return model, model.margin(x, y), model.loss(logistic.fgsm(model, x, y, eps), y)


def sentence(model: Logistic, eps: float, margins: torch.Tensor) -> str:
    """How much FGSM takes from each margin, and how many pictures stay right."""
    taken = eps * model.l1
    held = (margins > taken).double().mean().item()
    return (
        f"Here ‖w‖₁ = {model.l1:.1f}: FGSM takes {taken:.2f} from each margin, and "
        f"{short_share(held, 0)} of the pictures stay right."
    )


def _draw(model: Logistic, eps: float, before: torch.Tensor, after: torch.Tensor) -> None:
    margin = torch.linspace(-3, 9, 121, dtype=torch.float64, device="cpu")
    losses = {
        "plain": logistic.plain(margin),
        "adversarial": logistic.adversarial(margin, eps, model.l1),
        "L1 weight decay": logistic.decayed(margin, eps, model.l1),
    }
    off = (logistic.adversarial(before, eps, model.l1) - after).abs().max().item()
    plots.draw(
        figures.penalty_curves(
            margin.tolist(),
            {name: values.tolist() for name, values in losses.items()},
            (before.tolist(), after.tolist()),
        ),
        key="penalty_curves",
        alt="Loss against margin: plain, adversarial, and with L1 weight decay; test pictures lie on the "
        "adversarial curve.",
    )
    st.caption(
        f"{PAIR[0]} against {PAIR[1]}, {len(before)} test pictures of 8×8. Rings: the loss after FGSM by "
        f"automatic differentiation, not clipped to [0, 1]; off the curve by at most {off:.0e}."
    )
