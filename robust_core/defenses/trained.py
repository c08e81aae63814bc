"""Defences by training: a network with other weights, for the models that have one."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor

from robust_core import zoo
from robust_core.attacks.base import Attack
from robust_core.attacks.gradient import BIM, FGSM, PGD
from robust_core.classifier import Classifier
from robust_core.defenses.base import Defended, Defense, register
from robust_core.papers import (
    BRENDEL,
    CARLINI,
    CROCE,
    FINLAY,
    GOODFELLOW,
    KURAKIN_SCALE,
    MADRY,
    NAYEBI,
    PAPERNOT,
    TRAMER,
    WONG,
)
from robust_core.parameters import parameter


@dataclass(frozen=True, kw_only=True)
class TrainedDefense(Defense):
    """Base of the trainings: the zoo's model ``NAME-SUFFIX`` replaces ``NAME``."""

    kind = "adversarial training"
    measured: ClassVar[tuple[dict, ...]] = ({},)
    """Hyper-parameters measured in the table of the defences, a row for each."""
    aware = "White box, on the defended network itself."

    @property
    def suffix(self) -> str:
        """What the trained model's name adds to that of the undefended one."""
        return self.name

    def refusal(self, model: str) -> str:
        if f"{model}-{self.suffix}" in zoo.names():
            return ""
        ending = f"-{self.suffix}"
        there = [name.removesuffix(ending) for name in zoo.bundled() if name.endswith(ending)]
        have = f"there is one for {', '.join(there)}" if there else "none has been trained yet"
        return f"{self.name} needs a trained network, {model}{ending}; {have}"

    def protected(self, model: Classifier) -> Classifier:
        return zoo.load(f"{model.name}-{self.suffix}", model.device)


@register
@dataclass(frozen=True, kw_only=True)
class PGDAT(TrainedDefense):
    """Adversarial training by PGD (Madry et al., 2018, equation 2.1)."""

    name = "pgd-at"
    title = "PGD adversarial training"
    summary = "Trained on the worst picture that PGD finds around each training picture."
    equation = (
        r"\min_\theta \mathbb{E}\Big[\max_{\lVert\delta\rVert_\infty \le \varepsilon} "
        r"L(\theta, x + \delta, y)\Big]"
    )
    paper = MADRY
    breaker = TRAMER
    broken_by = (
        "Nothing breaks it completely inside the ball that it was trained for. A larger eps or another "
        "norm does. It also costs clean accuracy."
    )


@register
@dataclass(frozen=True, kw_only=True)
class FGSMAT(TrainedDefense):
    """Adversarial training by FGSM from a random start (Wong et al., 2020), with Goodfellow's alpha."""

    name = "fgsm-at"
    title = "FGSM adversarial training"
    summary = (
        "Trained on one-step adversarial pictures from random starts, made afresh for each batch."
    )
    equation = (
        r"\begin{aligned} &\alpha\,J(\theta, x, y) + (1 - \alpha)\,J(\theta, \tilde{x}, y) \\"
        r"&\tilde{x} = \mathrm{Clip}_x^\varepsilon\big(x + \eta + 1.25\,\varepsilon\,"
        r"\mathrm{sign}(\nabla_x J(\theta, x + \eta, y))\big),\ "
        r"\eta \sim U(-\varepsilon, \varepsilon) \end{aligned}"
    )
    paper = WONG
    breaker = CROCE
    broken_by = (
        "Attacks stronger than the one step that it was trained on; with much weight on clean "
        "pictures (alpha) little robustness is left."
    )

    measured = ({"alpha": 0.0}, {"alpha": 0.5})

    alpha: float = parameter(
        0.0, "Weight of the clean pictures in the loss; 0: adversarial only.", choices=(0.0, 0.5)
    )

    @property
    def suffix(self) -> str:
        return "fgsm-at-half" if self.alpha else "fgsm-at"


@register
@dataclass(frozen=True, kw_only=True)
class FGSMATPlain(TrainedDefense):
    """FGSM adversarial training without random starts: an example of catastrophic overfitting.

    Half of the loss is on clean pictures, as in Goodfellow et al. (2015), section 6.
    """

    name = "fgsm-at-plain"
    title = "FGSM training, no random start"
    summary = "Learns to withstand the one step that it sees, and nothing else."
    equation = (
        r"\tfrac12 J(\theta, x, y) + \tfrac12 "
        r"J\big(\theta, x + \varepsilon\,\mathrm{sign}(\nabla_x J(\theta, x, y)), y\big)"
    )
    paper = GOODFELLOW
    breaker = WONG
    broken_by = (
        "Any attack of several steps: the network has bent its loss so that one step of eps leads "
        "nowhere (catastrophic overfitting). Under that step at eps 8/255, 98.4 % are right, and 90.8 % "
        "when clean: the step gives the label away (label leaking, Kurakin et al., 2017)."
    )
    unaware = (
        "On the defended network itself, with the one step that it was trained on: BIM and PGD become "
        "FGSM. Other attacks run as they are."
    )
    aware = "White box, with many steps: FGSM becomes PGD. Other attacks run as they are."

    def victim(self, defended: Defended) -> Classifier:
        return defended.base

    def of_unaware(self, attack: Attack) -> Attack:
        if type(attack) in (BIM, PGD):
            return FGSM(eps=attack.parameters["eps"], loss=attack.parameters["loss"])
        return attack

    def of_aware(self, attack: Attack) -> Attack:
        if isinstance(attack, FGSM):
            return PGD(eps=attack.eps, loss=attack.loss)
        return attack


@register
@dataclass(frozen=True, kw_only=True)
class LambdaAT(TrainedDefense):
    """Half of each batch adversarial, weighted by lambda (Kurakin et al., 2017, section 3)."""

    name = "lambda-at"
    title = "Lambda-weighted training"
    summary = "Each batch is half clean, half one-step adversarial pictures with a smaller weight."
    equation = (
        r"\frac{1}{(m - k) + \lambda k}\Big(\sum_{\mathrm{clean}} L(x_i, y_i) + \lambda "
        r"\sum_{\mathrm{adv}} L(\tilde{x}_i, y_i)\Big)"
    )
    paper = KURAKIN_SCALE
    breaker = MADRY
    broken_by = (
        "Attacks of several steps: its authors themselves report that one-step training does not "
        "resist them."
    )


@register
@dataclass(frozen=True, kw_only=True)
class StaticAugmentation(TrainedDefense):
    """Adversarial copies, made once, are added to the training pictures (Goodfellow et al., 2015).

    Szegedy et al. (2014) had done so before them.
    """

    name = "static-augmentation"
    title = "Static augmentation"
    summary = "Trained on adversarial copies that were made once, before the training."
    equation = r"\min_\theta \sum_i L(\theta, x_i, y_i) + L(\theta, \tilde{x}_i, y_i)"
    paper = GOODFELLOW
    breaker = MADRY
    broken_by = (
        "A fresh attack on the new network: it has learned the old pictures, not robustness."
    )


@register
@dataclass(frozen=True, kw_only=True)
class GradientRegularised(TrainedDefense):
    """A penalty on the gradient with respect to the picture (Finlay, Oberman, 2021)."""

    name = "gradient-regularised"
    title = "Gradient penalty"
    summary = "Trained so that the loss changes little with the picture."
    equation = r"L(\theta, x, y) + \varepsilon\,\lVert\nabla_x L(\theta, x, y)\rVert_1"
    paper = FINLAY
    breaker = MADRY
    broken_by = "Attacks of several steps at a larger eps: the penalty holds to first order only."


@dataclass(frozen=True, kw_only=True)
class Masked(TrainedDefense):
    """Base of the trainings that leave the boundary where it is and damage the gradient.

    An unaware attacker differentiates cross-entropy through the softmax probabilities, which are exactly
    0 and 1 in float32: no gradient is left.
    """

    kind = "gradient masking"
    unaware = (
        "On the defended network, through its softmax probabilities in float32, where gradients vanish. "
        "Attacks without a loss to choose (DeepFool, Carlini-Wagner, Square) use logits or scores anyway "
        "and run as they are."
    )

    def victim(self, defended: Defended) -> Classifier:
        return defended

    def of_unaware(self, attack: Attack) -> Attack:
        return attack.changed(loss="softmax-ce") if "loss" in attack.parameters else attack


@register
@dataclass(frozen=True, kw_only=True)
class Distilled(Masked):
    """Defensive distillation (Papernot et al., 2016): trained at temperature T, deployed at 1."""

    name = "distilled"
    title = "Defensive distillation"
    summary = "A student learns a teacher's soft answers at a high temperature."
    equation = (
        r"\min_\theta\ \mathrm{CE}\big(\mathrm{softmax}(Z_{\mathrm{teacher}}(x) / T),\ "
        r"\mathrm{softmax}(Z_\theta(x) / T)\big)"
    )
    paper = PAPERNOT
    breaker = CARLINI
    broken_by = (
        "At temperature 1 the logits are about T times as large and softmax saturates; that is all the "
        "protection. An attack on the logits, or on logits / T, succeeds."
    )
    aware = "On the logits divided by T: the gradients are back."

    measured = ({"temperature": 100}, {"temperature": 20})

    temperature: int = parameter(100, "Temperature T of the training.", choices=(20, 100))

    @property
    def suffix(self) -> str:
        return f"distilled-t{self.temperature}"

    def adaptive(self, model: Classifier, images: Tensor) -> Tensor:
        return model(images) / self.temperature


@register
@dataclass(frozen=True, kw_only=True)
class Saturated(Masked):
    """Units driven into saturation (Nayebi, Ganguli, 2017), and logits scaled at deployment.

    The scale changes no prediction, only how soon softmax saturates in float32.
    """

    name = "saturated"
    title = "Saturated network"
    summary = "A smaller network of tanh units, trained towards their flat parts; its logits are scaled up."
    equation = r"L + \lambda \sum_l \mathrm{mean}\big(1 - |\tanh h_l|\big)"
    paper = NAYEBI
    breaker = BRENDEL
    broken_by = (
        "In this network the scale hides the gradients, the units hardly do: at scale 1 FGSM succeeds. "
        "So do attacks on the logits, whose loss is numerically stable, and query attacks (Square)."
    )
    aware = "On the unscaled logits."

    # The scale masks, not the units: at scale 1 the gradients are back.
    measured = ({"scale": 100}, {"scale": 1})

    scale: int = parameter(100, "Factor on the logits at deployment.", choices=(1, 10, 100))

    def logits(self, model: Classifier, images: Tensor) -> Tensor:
        return self.scale * model(images)

    def adaptive(self, model: Classifier, images: Tensor) -> Tensor:
        return model(images)
