"""PixelDP in numbers: the noise, the certified radius, and Cohen's radius for the same noise."""

import math
from dataclasses import dataclass

import numpy as np
import streamlit as st

from robust_core.certify import pixeldp, smoothing
from robust_core.dashboard import plots
from robust_core.dashboard.topics import figures

SIGMA = r"\sigma = \sqrt{2 \ln(1.25 / \delta)}\;\Delta\,L / \epsilon"
CONDITION = r"p_A > e^{2\epsilon}\,p_B + (1 + e^{\epsilon})\,\delta"
"""Where it holds, the label does not change within L."""
NAMES = (
    "What some talks call random smoothing, a noise layer whose deviation is proportional to the attack "
    "bound L and the sensitivity Δ (Guardieiro, Robustness of neural networks), is PixelDP (Lecuyer et "
    "al., 2019), not the randomised smoothing of Cohen et al. (2019)."
)
WHY = (
    "**Why PixelDP levels off.** Its proof needs ε ≤ 1, so however clear the vote, the radius stays below "
    "0.571 σ/Δ. Cohen’s proof uses the fact that the noise is Gaussian, and its radius grows with Φ⁻¹(p)."
)
P: list[float] = np.unique(
    np.r_[np.linspace(0.5, 0.99, 99), np.linspace(0.99, 0.9999, 34)]
).tolist()


@dataclass(frozen=True)
class Promise:
    """The result of the sliders; radii in L2. ``p`` is the label's probability under noise."""

    sigma: float
    holds: bool
    """Whether these eps and delta prove that the label stays within L."""
    left: float
    right: float
    """Both sides of that condition."""
    privacy: float
    """The largest radius with this noise, over all eps and delta."""
    smoothing: float
    """Cohen's, for the same noise."""
    rootless: float
    """The standard deviation by the formula without its root."""


def show_pixeldp() -> None:
    """Five sliders, the numbers that follow, and both radii against the probability."""
    left, right = st.columns([1, 2], gap="medium")
    with left:
        bound, sensitivity, eps, delta, p = _choose()
    found = promise(bound, sensitivity, eps, delta, p)
    with right:
        st.latex(SIGMA)
        st.latex(CONDITION)
        st.caption(
            "Noise of this σ makes the layer (ε, δ)-private up to L. Where the second line holds, "
            "no change up to L changes the label."
        )
        _numbers(found, bound)
        scale = found.sigma / sensitivity
        plots.draw(
            figures.radius_curves(P, *curves(found.sigma, sensitivity), here=p, bound=bound),
            key="radius_curves",
            alt=f"Certified radius against the probability: PixelDP up to {0.571 * scale:.3g}, smoothing "
            "without a limit.",
        )
        st.caption(
            "Two classes, so the other one has 1 − p, and exact probabilities; votes give bounds on them. "
            "Where PixelDP is above the dotted line, some ε and δ certify L with this noise."
        )
    st.markdown(WHY)
    st.caption(
        f"{NAMES} A formula that is sometimes quoted has σ without the root; that is wrong, and would "
        f"give {found.rootless:.3g} here instead of {found.sigma:.3g}."
    )


def _choose() -> tuple[float, float, float, float, float]:
    return (
        st.slider(
            "Attack bound L, in L2",
            0.05,
            1.0,
            0.3,
            0.05,
            key="dp_bound",
            help="The size of the change that the guarantee should cover.",
            persist_state="session",
        ),
        st.slider(
            "Sensitivity Δ",
            0.5,
            5.0,
            1.0,
            0.1,
            key="dp_sensitivity",
            help="How far the layer before the noise moves for a change of norm 1; 1 for noise on pixels.",
            persist_state="session",
        ),
        st.slider(
            "ε of differential privacy",
            0.1,
            1.0,
            1.0,
            0.05,
            key="dp_eps",
            help="Not the eps of an attack: how much a probability may change, as a factor of e to the ε.",
            persist_state="session",
        ),
        st.select_slider(
            "δ of differential privacy",
            (0.3, 0.1, 0.05, 0.01, 1e-3, 1e-4, 1e-6),
            value=0.05,
            format_func=lambda d: f"{d:g}",
            key="dp_delta",
            help="How much more the probability may change, added to that.",
            persist_state="session",
        ),
        st.slider(
            "p of the label under noise",
            0.5,
            0.999,
            0.95,
            0.001,
            format="%.3f",
            key="dp_p",
            persist_state="session",
        ),
    )


def promise(bound: float, sensitivity: float, eps: float, delta: float, p: float) -> Promise:
    """The result for the five numbers, for two classes.

    Raises ``ValueError`` as ``certify.pixeldp`` does.
    """
    sigma = pixeldp.gaussian_sigma(eps, delta, sensitivity, bound)
    return Promise(
        sigma=sigma,
        holds=pixeldp.holds(p, 1 - p, eps, delta),
        left=p,
        right=math.exp(2 * eps) * (1 - p) + (1 + math.exp(eps)) * delta,
        privacy=pixeldp.radius(p, 1 - p, sigma=sigma, sensitivity=sensitivity),
        smoothing=smoothing.radius(p, sigma=sigma / sensitivity),
        rootless=2 * math.log(1.25 / delta) * sensitivity * bound / eps,
    )


def curves(sigma: float, sensitivity: float) -> tuple[list[float], list[float]]:
    """Radii at each of ``P``: PixelDP's and Cohen's.

    Noise of standard deviation sigma behind a layer of sensitivity Delta is equivalent, for Cohen's
    theorem as for PixelDP, to noise of sigma / Delta on the picture.
    """
    privacy = [pixeldp.radius(p, 1 - p, sigma=sigma, sensitivity=sensitivity) for p in P]
    return privacy, [smoothing.radius(p, sigma=sigma / sensitivity) for p in P]


def _numbers(found: Promise, bound: float) -> None:
    sign = ">" if found.holds else "≤"
    rows = (
        ("noise σ", f"{found.sigma:.3g}"),
        (
            f"certified at {bound:g} by these ε, δ",
            f"{'yes' if found.holds else 'no'}: {found.left:.3f} {sign} {found.right:.3f}",
        ),
        ("largest radius, PixelDP", f"{found.privacy:.3f}"),
        ("radius, Cohen et al.", f"{found.smoothing:.3f}"),
    )
    with st.container(horizontal=True, gap="medium"):
        for label, value in rows:
            st.metric(label, value, width="content")
