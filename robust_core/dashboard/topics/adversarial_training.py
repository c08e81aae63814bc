"""Adversarial training: its two loops, the weight of adversarial pictures, and what it is not."""

from html import escape

import streamlit as st

from robust_core.dashboard.choices import pick_one
from robust_core.dashboard.request import Request
from robust_core.dashboard.topics.augmentation import show_augmentation
from robust_core.dashboard.topics.static_copies import show_static_copies

CSS = """<style>
.steps { display: grid; grid-template-columns: repeat(4, 1fr); gap: 1.6rem; font-size: 0.875rem;
  counter-reset: step; padding: 0.3rem 0 0.6rem; }
.steps > div {
  position: relative; border: 1.5px solid #8C8C8C; border-radius: 6px; padding: 0.6rem 0.8rem;
}
.steps > div.attack { border: 1.5px dashed #D55E00; }
.steps > div.learn { border-color: #009E73; }
.steps b { display: block; }
.steps b::before { counter-increment: step; content: counter(step) ". "; }
.steps > div:not(:last-child)::after {
  content: "\\2192"; position: absolute; right: -1.3rem; top: 50%; transform: translateY(-50%);
}
.steps > div.again::after {
  content: "\\21BA"; position: absolute; right: 0.6rem; top: 0.3rem; font-size: 1.1rem;
}
@media (max-width: 640px) {
  .steps { grid-template-columns: 1fr; }
  .steps > div:not(:last-child)::after { content: "\\2193"; right: 50%; top: auto; bottom: -1.5rem;
    transform: translateX(50%); }
}
</style>"""
LOOP = (
    ("", "Take a batch", "clean pictures with their true classes"),
    ("attack", "Inner loop: attack", "weights fixed, pictures move: FGSM or PGD raises the loss"),
    ("learn", "Outer loop: learn", "pictures fixed, weights move: one step lowers that loss"),
    ("again", "Repeat", "the next batch is attacked with the new weights"),
)
SADDLE = r"""\begin{aligned}
&\min_\theta\ \mathbb{E}_{(x, y)}\Big[\max_{\delta \in S} L(\theta, x + \delta, y)\Big] \\
&S = \{\delta : \lVert\delta\rVert_\infty \le \varepsilon\}
\end{aligned}"""
INNER = (
    "**Inner, the attacker.** For each picture it seeks the change δ within S that raises the loss most. "
    "FGSM takes one step, PGD several, projected back to the ball. The loss is not concave: the result is "
    "a lower bound on the maximum. Where the attack is weak, the network learns to fool it."
)
OUTER = (
    "**Outer, the defender.** It takes one step of gradient descent on θ at the pictures found. No "
    "gradient flows through the search for them: at a maximum it would add nothing (Danskin’s theorem). "
    "Then the attack starts again: the worst pictures for the old weights are not the worst for the new."
)
ALPHA = r"""\begin{aligned}
\tilde{J} &= \alpha\,J(\theta, x, y) + (1 - \alpha)\,J(\theta, \tilde{x}, y) \\
\tilde{x} &= x + \varepsilon\,\mathrm{sign}\,\nabla_x J(\theta, x, y)
\end{aligned}"""
LAMBDA = {
    "corrected": (
        r"\frac{1}{(m - k) + \lambda k}\Big(\sum_{\mathrm{clean}} L(x_i, y_i)",
        r" + \lambda \sum_{\mathrm{adv}} L(\tilde{x}_i, y_i)\Big)",
    ),
    "as printed": (
        r"\frac{1}{(m - k) + \lambda k}\Big(\sum_{\mathrm{clean}} L(x_i, y_i)",
        r" + \sum_{\mathrm{adv}} L(\tilde{x}_i, y_i)\Big)",
    ),
}
BATCH = 32
ADVERSARIAL = 16
"""m and k of Kurakin et al. (2017)."""
STATIC = """
| compared | made once (static augmentation) | made again in every step (adversarial training) |
|---|---|---|
| pictures | against the weights before training | against the current weights |
| the network learns | those pictures | to be right on every nearby picture |
| the old pictures | right | right |
| a fresh attack | wrong again where eps is large | still mostly right, within the eps trained for |
"""
NOT_AUGMENTATION = (
    "“Note that data augmentation ≠ adversarial training.” (Cho, Adversarial attacks and defenses in "
    "deep learning, Open DMQA seminar, 2020)"
)
GOODFELLOW = (
    "“Training on adversarial examples is somewhat different from other data augmentation; usually, one "
    "augments the data with transformations such as transformations that are expected to actually occur "
    "in the test set. This form of data augmentation instead uses inputs that are unlikely to occur "
    "naturally but that expose flaws in the ways that the model conceptualizes its decision function.” "
    "(Goodfellow et al., 2015, as quoted there)"
)
GAN = r"""\begin{aligned}
\min_G \max_D\ &\mathbb{E}_x[\log D(x)] \\
&+ \mathbb{E}_z[\log(1 - D(G(z)))]
\end{aligned}"""
PLAYERS = """
| role | GAN | adversarial training |
|---|---|---|
| players | a generator G, a discriminator D | an attack, a classifier |
| the opponent | a network that is trained too | a search, restarted for each picture; it learns nothing |
| it may produce | any picture, from noise z | only x + δ with δ in S, which keeps the class |
| the aim | G: new pictures like the data | θ: a robust classifier |
"""
PLAYERS_NOTE = (
    "An analogy of two players, no more: a GAN (Goodfellow et al., 2014) makes data, not adversarial "
    "perturbations. Some talks use it to explain training on adversarial samples (Guardieiro, Robustness "
    "of neural networks)."
)


def show_adversarial_training(model_name: str, request: Request | None = None) -> None:
    """The loops, the weights alpha and lambda; static pictures, augmentation and GANs in comparison.

    ``request`` is the page's; without it there is no picture to augment.
    """
    st.html(CSS + loop())
    st.latex(SADDLE)
    for column, text in zip(st.columns(2, gap="medium"), (INNER, OUTER), strict=True):
        column.markdown(text)
    st.markdown("### How much do adversarial pictures weigh?")
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**α, the weight of the clean pictures** (Goodfellow et al., 2015)")
        st.latex(ALPHA)
        st.markdown(
            "α = 1 is ordinary training, α = 0 sees adversarial pictures only; the paper uses 0.5. Both "
            "losses share the weights of the network; x̃ is made again with them in every step."
        )
    with right:
        _show_lambda()
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("### Made once, or in every step?")
        st.markdown(STATIC)
        show_static_copies(model_name)
    with right:
        st.markdown("### Is it data augmentation?")
        st.markdown(f"{NOT_AUGMENTATION}\n\n> {GOODFELLOW}")
    if request is not None:
        show_augmentation(request)
    st.markdown("### Is it a GAN?")
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown(PLAYERS)
    with right:
        st.latex(GAN)
        st.caption(PLAYERS_NOTE)


def _show_lambda() -> None:
    st.markdown("**λ, the weight of an adversarial picture** (Kurakin et al., 2017)")
    form = pick_one("Formula", LAMBDA, "lambda_form", "corrected", label_visibility="collapsed")
    st.latex(rf"\begin{{aligned}}&{LAMBDA[form][0]}\\ &\quad{LAMBDA[form][1]}\end{{aligned}}")
    weight = st.slider("λ", 0.0, 1.0, 0.3, 0.05, key="lambda_weight", persist_state="session")
    st.markdown(verdict(form, weight))


def weighted_mean(weight: float, *, printed: bool) -> float:
    """The formula's value when every loss is 1; a mean gives 1."""
    summed = (BATCH - ADVERSARIAL) + (1 if printed else weight) * ADVERSARIAL
    return summed / ((BATCH - ADVERSARIAL) + weight * ADVERSARIAL)


def verdict(form: str, weight: float) -> str:
    """What the formula gives for losses that are all 1, and what follows."""
    printed = form == "as printed"
    value = weighted_mean(weight, printed=printed)
    given = f"With m = {BATCH}, k = {ADVERSARIAL} and every loss 1 it gives **{value:.2f}**"
    if not printed:
        return f"{given}: a mean, in which an adversarial picture counts λ times."
    return (
        f"{given}, which is not a mean. A factor λ before the second sum was lost in print (Cho, 2020): "
        "so λ divides the whole loss and weighs nothing."
    )


def loop() -> str:
    """The two loops of adversarial training, as HTML."""
    boxes = "".join(
        f"<div class='{kind}'><b>{escape(head)}</b>{escape(text)}</div>"
        for kind, head, text in LOOP
    )
    return f"<div class=steps role=list aria-label='Adversarial training'>{boxes}</div>"
