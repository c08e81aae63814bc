"""Accuracy against alpha: the same training five times, on demand."""

from dataclasses import replace

import pandas as pd
import streamlit as st

from robust_core.dashboard import lab
from robust_core.dashboard.components import buttons
from robust_core.dashboard.live_training import charts
from robust_core.dashboard.live_training.training import described, train, training_key
from robust_core.evaluation.snapshot import Snapshot
from robust_core.training.live.train import Plan

ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0)
WHAT = (
    "Alpha 1 is clean training; the smaller alpha is, the more the network learns from adversarial "
    "pictures. The other settings stay as they are."
)


def show_alphas(plan: Plan) -> None:
    """A button, then the curves, which grow with each finished training."""
    st.markdown("## Accuracy against alpha")
    st.markdown(WHAT)
    buttons.begin("Train at five alphas", _wanted, plan, key="live_alphas")
    wanted = st.session_state.get("_live_alphas")
    if wanted is None:
        st.caption("Takes five times as long as one training.")
        return
    place = st.empty()
    found = {}
    form = charts.curves(charts.ACCURACIES, "share of pictures", ("alpha", 1), share=True)
    for alpha in ALPHAS:
        one = replace(wanted, alpha=alpha)
        trained = train(one, channel="live_alphas", doing=f"Training with alpha {alpha:g}")
        if trained is None:
            return
        found[alpha] = trained.final
        place.vega_lite_chart(rows(found), form)
    at = found[ALPHAS[0]]
    st.caption(
        f"{described(replace(wanted, alpha=0.0)).replace(', alpha 0', '')}, seed {wanted.seed}; n = {at.n} "
        f"test pictures, Linf eps {at.eps:g}, PGD with {at.steps} steps, on the logits."
    )


def _wanted(plan: Plan) -> None:
    for alpha in ALPHAS:
        lab.allow(training_key(replace(plan, alpha=alpha)))
    st.session_state["_live_alphas"] = plan


def rows(found: dict[float, Snapshot]) -> pd.DataFrame:
    """A row for each alpha and line of the chart: ``alpha``, ``line``, ``value``."""
    return pd.DataFrame(
        [
            (alpha, line, value)
            for alpha, at in found.items()
            for line, value in zip(charts.ACCURACIES, (at.clean, at.fgsm, at.pgd), strict=True)
        ],
        columns=["alpha", "line", "value"],
    )
