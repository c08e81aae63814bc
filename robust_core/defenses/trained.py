"""Defences that are a training: other weights for the same pictures, for the models that have them."""

from dataclasses import dataclass, replace
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
    SZEGEDY,
    TRAMER,
    WONG,
)
from robust_core.parameters import parameter


@dataclass(frozen=True, kw_only=True)
class TrainedDefense(Defense):
    """Base of the trainings: the model ``NAME-SUFFIX`` of the zoo stands in for ``NAME``."""

    kind = "adversarial training"
    measured: ClassVar[tuple[dict, ...]] = ({},)
    """The hyper-parameters with which the table of the defences has it, a row for each."""
    aware = "White box, on the defended network itself."

    @property
    def suffix(self) -> str:
        """What the name of the trained model has behind that of the undefended one."""
        return self.name

    def refusal(self, model: str) -> str:
        if f"{model}-{self.suffix}" in zoo.names():
            return ""
        ending = f"-{self.suffix}"
        there = [name.removesuffix(ending) for name in zoo.bundled() if name.endswith(ending)]
        have = f"there is one for {', '.join(there)}" if there else "nobody has trained one yet"
        return f"{self.name} needs a network trained so, {model}{ending}; {have}"

    def protected(self, model: Classifier) -> Classifier:
        return zoo.load(f"{model.name}-{self.suffix}", model.device)


@register
@dataclass(frozen=True, kw_only=True)
class PGDAT(TrainedDefense):
    """Adversarial training by PGD (Madry et al., 2018, equation 2.1)."""

    name = "pgd-at"
    title = "PGD adversarial training"
    summary = "Trained on the worst pictures that PGD finds around each one."
    equation = (
        r"\min_\theta \mathbb{E}\Big[\max_{\lVert\delta\rVert_\infty \le \varepsilon} "
        r"L(\theta, x + \delta, y)\Big]"
    )
    paper = MADRY
    breaker = TRAMER
    broken_by = (
        "Nothing breaks it wholly inside the ball that it was trained for. Outside it falls: a larger "
        "eps, another norm. And it costs clean accuracy."
    )


@register
@dataclass(frozen=True, kw_only=True)
class FGSMAT(TrainedDefense):
    """Adversarial training by FGSM from a random start (Wong et al., 2020), with Goodfellow's alpha."""

    name = "fgsm-at"
    title = "FGSM adversarial training"
    summary = "Trained on one-step pictures from random starts, made anew each time."
    equation = (
        r"\alpha\,J(\theta, x, y) + (1 - \alpha)\,J\big(\theta, x + \varepsilon\,"
        r"\mathrm{sign}(\nabla_x J), y\big)"
    )
    paper = WONG
    breaker = CROCE
    broken_by = (
        "Stronger attacks than the one step it was trained on find more; with much weight on clean "
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
    """FGSM adversarial training without random starts: the exhibit of catastrophic overfitting.

    Half of the loss is clean, as in Goodfellow et al. (2015), section 6.
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
        "nowhere (catastrophic overfitting)."
    )
    unaware = (
        "On the defended network itself, in the one step that it was trained on: BIM and PGD become "
        "FGSM. Other attacks run as they are."
    )
    aware = "White box in many steps: FGSM becomes PGD. Others run as they are."

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
    """Half of each batch adversarial, weighed by lambda (Kurakin et al., 2017, section 3)."""

    name = "lambda-at"
    title = "λ-weighted training"
    summary = "Each batch is half clean, half one-step pictures of smaller weight."
    equation = (
        r"\frac{1}{(m - k) + \lambda k}\Big(\sum_{\mathrm{clean}} L(x_i, y_i) + \lambda "
        r"\sum_{\mathrm{adv}} L(\tilde{x}_i, y_i)\Big)"
    )
    paper = KURAKIN_SCALE
    breaker = MADRY
    broken_by = (
        "Attacks of several steps; its authors found so themselves: one-step training does not hold "
        "against them."
    )


@register
@dataclass(frozen=True, kw_only=True)
class StaticAugmentation(TrainedDefense):
    """Adversarial copies, made once, are added to the training pictures (Szegedy et al., 2014)."""

    name = "static-augmentation"
    title = "Static augmentation"
    summary = "Trained on adversarial copies that were made once, before the training."
    equation = r"\min_\theta \sum_i L(\theta, x_i, y_i) + L(\theta, \tilde{x}_i, y_i)"
    paper = SZEGEDY
    breaker = MADRY
    broken_by = (
        "A fresh attack on the new network: it has learned the old pictures, not to be robust."
    )


@register
@dataclass(frozen=True, kw_only=True)
class GradientRegularised(TrainedDefense):
    """A penalty on the gradient by the picture (Finlay, Oberman, 2021)."""

    name = "gradient-regularised"
    title = "Gradient penalty"
    summary = "Trained so that the loss changes little with the picture."
    equation = r"L(\theta, x, y) + \varepsilon\,\lVert\nabla_x L(\theta, x, y)\rVert_1"
    paper = FINLAY
    breaker = MADRY
    broken_by = (
        "Attacks of several steps at a larger eps: the penalty is right to first order only."
    )


@dataclass(frozen=True, kw_only=True)
class Masked(TrainedDefense):
    """Base of the trainings that leave the boundary and damage the gradient (METHODS of masking).

    One who does not know differentiates cross-entropy by way of the probabilities, which are exactly 0
    and 1 in float32: no gradient is left of it.
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
        return replace(attack, **{"loss": "softmax-ce"}) if "loss" in attack.parameters else attack


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
        "At temperature 1 the logits are some T times as large and softmax saturates, which is all. An "
        "attack on the logits, or on logits / T, comes through."
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
    """Units driven into saturation (Nayebi, Ganguli, 2017), and logits scaled when it is deployed.

    The scale changes no answer, only how soon softmax runs out of numbers.
    """

    name = "saturated"
    title = "Saturated network"
    summary = "A smaller network of tanh units, trained towards their flat parts; its logits are scaled up."
    equation = r"L + \lambda \sum_l \mathrm{mean}\big(1 - |\tanh h_l|\big)"
    paper = NAYEBI
    breaker = BRENDEL
    broken_by = (
        "In the network here the scale hides the gradients, hardly its units: at scale 1 FGSM comes "
        "through. So do attacks on the logits, in stable numbers, or by questions alone (Square)."
    )
    aware = "On the logits, not scaled."

    # The scale masks, not the units: without it there is nothing to hide behind.
    measured = ({"scale": 100}, {"scale": 1})

    scale: int = parameter(
        100, "What the logits are multiplied by when deployed.", choices=(1, 10, 100)
    )

    def logits(self, model: Classifier, images: Tensor) -> Tensor:
        return self.scale * model(images)

    def adaptive(self, model: Classifier, images: Tensor) -> Tensor:
        return model(images)
