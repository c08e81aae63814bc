"""What the page Live training says about each method: formula, what it shows, what breaks it, source."""

from dataclasses import dataclass

from robust_core.attacks.base import Paper
from robust_core.papers import (
    CARLINI,
    FINLAY,
    GOODFELLOW,
    KURAKIN_SCALE,
    MADRY,
    PAPERNOT,
    SZEGEDY,
    WONG,
)
from robust_core.training.live.train import STARTS, Plan


@dataclass(frozen=True)
class MethodWords:
    """``shows`` and ``breaks`` are a sentence or two each; ``papers`` are their sources."""

    title: str
    formula: str
    shows: str
    breaks: str
    papers: tuple[Paper, ...]


WORDS = {
    "fgsm": MethodWords(
        "FGSM adversarial training",
        r"\begin{aligned}"
        r"\tilde J(\theta,x,y)&=\alpha\,J(\theta,x,y)+(1-\alpha)\,J(\theta,\tilde x,y)\\"
        r"\tilde x&=\mathrm{Clip}_x^\varepsilon\big(x+\eta+\beta\,\varepsilon\,"
        r"\mathrm{sign}\,\nabla_x J(\theta,x+\eta,y)\big)"
        r"\end{aligned}",
        "Each step attacks its own pictures with the current weights and learns from both: "
        "alpha is the weight of the clean loss (1: clean training, 0: adversarial pictures only). "
        "With a random start eta is uniform within eps and beta is 1.25; without it eta is 0 and beta 1.",
        "Without a random start, at a large eps, the network learns to defeat that one step and nothing "
        "else: FGSM fails, PGD succeeds (catastrophic overfitting). "
        "Accuracy under FGSM above that on clean pictures is label leaking: the step gives the label away.",
        (GOODFELLOW, WONG, KURAKIN_SCALE),
    ),
    "pgd": MethodWords(
        "PGD adversarial training",
        r"\min_\theta\;\mathbb E_{(x,y)}\Big[\max_{\lVert\delta\rVert_\infty\le\varepsilon}"
        r"J(\theta,x+\delta,y)\Big]",
        "Several small steps find a worse picture than one: the inner maximum. The weights then "
        "descend on the loss there: the outer minimum.",
        "A larger eps than it was trained with, or another norm. No attack of the trained kind has "
        "broken it, but nothing is proven.",
        (MADRY,),
    ),
    "lambda": MethodWords(
        "Lambda-weighted loss",
        r"\mathrm{Loss}=\frac{1}{(m-k)+\lambda k}\Big(\sum_{i\in\text{clean}}L(X_i,y_i)"
        r"+\lambda\sum_{i\in\text{adv}}L(\tilde X_i,y_i)\Big)",
        "Half of each batch (k of m pictures) is made adversarial and weighs lambda times as much as "
        "a clean one. The step goes towards the least likely class, so that it does not give the "
        "label away.",
        "Its pictures come from one step of a random size up to eps: several steps of PGD get through.",
        (KURAKIN_SCALE,),
    ),
    "distillation": MethodWords(
        "Defensive distillation",
        r"\text{teacher: } \mathrm{softmax}\big(Z(x)/T\big)\;\longrightarrow\;"
        r"\min_\theta\; J\big(Z_\theta(x)/T,\;\text{teacher}(x)\big),"
        r"\qquad\text{deployed at } T=1",
        "At T = 1 the logits are about T times too large: the softmax saturates and its gradient is "
        "exactly zero in float32. An attack that follows it does not move, and the network looks robust.",
        "The same attack on the logits, or on logits / T: what was damaged is the gradient, and the "
        "decision boundaries are about where they were.",
        (PAPERNOT, CARLINI),
    ),
    "static": MethodWords(
        "Static augmentation",
        r"\min_\theta\;\sum_i L(x_i,y_i)+L(\tilde x_i,y_i),\qquad "
        r"\tilde x_i=x_i+\varepsilon\,\mathrm{sign}\,\nabla_x L(\theta_0,x_i,y_i)",
        "Adversarial copies of all training pictures are made once, against the undefended network, "
        "and learned like any other data.",
        "A fresh attack on the new network: the copies do not move on with the weights.",
        (GOODFELLOW, SZEGEDY),
    ),
    "gradient": MethodWords(
        "Gradient regularisation",
        r"J(\theta,x,y)+\varepsilon\,\lVert\nabla_x J(\theta,x,y)\rVert_1"
        r"\;\approx\;\max_{\lVert\delta\rVert_\infty\le\varepsilon}J(\theta,x+\delta,y)",
        "What an Linf attack adds to first order becomes a penalty: the loss becomes flat around "
        "each picture.",
        "It is flat at the picture only: larger steps leave the region where the first order holds.",
        (FINLAY,),
    ),
    "clean": MethodWords(
        "Clean training",
        r"\min_\theta\;\mathbb E_{(x,y)}\,J(\theta,x,y)",
        "The baseline: only the clean loss is minimised.",
        "Any white-box attack.",
        (GOODFELLOW,),
    ),
}

START_WORDS = dict(zip(STARTS, ("random weights", "digits-cnn"), strict=True))
PRINTED = r"\mathrm{Loss}=\frac{1}{(m-k)+\lambda k}\Big(\sum_{\text{orig}}L+\sum_{\text{adv}}L\Big)"
WHY_PRINTED = (
    "This form, without the second lambda, is found in print. Its weights do not add up: with every "
    "single loss equal to 1 it gives m / ((m - k) + lambda k) and not 1. Here that is {wrong:.2f} with "
    "k = m / 2 and lambda = {weight:g}. The divisor only makes sense if lambda also stands before the "
    "adversarial sum, as in the paper; that is what is trained here."
)


@dataclass(frozen=True)
class TrainingPreset:
    """One click: a training that shows one thing."""

    title: str
    help: str
    plan: Plan


PRESETS = {
    "adversarial": TrainingPreset(
        "Adversarial training",
        "FGSM with a random start, half of the weight on clean pictures.",
        Plan(),
    ),
    "catastrophic": TrainingPreset(
        "Catastrophic overfitting",
        "FGSM without a random start, adversarial pictures only, at a large eps.",
        Plan(alpha=0.0, eps=0.3, random_start=False, start="digits-cnn"),
    ),
    "masked": TrainingPreset(
        "Distillation: zero gradients",
        "Teacher and student at T = 100; attacked through the softmax and on the logits.",
        Plan(method="distillation", temperature=100.0, epochs=8),
    ),
}


def printed_sum(weight: float) -> float:
    """What the form without the second lambda gives where every loss is 1 and half are adversarial."""
    return 1 / (0.5 + weight * 0.5)
