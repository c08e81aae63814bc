"""How each bundled model is trained: a registry of recipes, which are numbers and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from robust_core.registry import Registry
from robust_core.training.jitter import Jitter
from robust_core.training.objectives import (
    Clean,
    CopiesTraining,
    Distillation,
    FGSMTraining,
    GaussianTraining,
    GradientPenalty,
    IBPTraining,
    LabelSmoothing,
    LambdaTraining,
    Objective,
    PGDTraining,
    PixelDPTraining,
    SaturationTraining,
)
from robust_core.zoo.specs import DIGITS, MLP, PHOTO, RESNET, SIGNS, SMALL

CIFAR_DATA = "cifar10"
DIGITS_DATA = "digits"
PHOTO_DATA = "imagenette"
SIGNS_DATA = "gtsrb"


@dataclass(frozen=True)
class Recipe:
    """Stochastic gradient descent with Nesterov momentum, for ``model`` on the data set ``data``.

    Without ``milestones`` the learning rate follows ``cycles`` equal cycles (Loshchilov and Hutter, 2017):
    up to ``peak_rate`` over the first ``warmup`` share of a cycle's steps, then down to zero along a
    cosine. With ``milestones`` it is constant and divided by ten after each of those epochs.
    ``averaging`` is the decay per step of an exponential moving average of the weights, which is what is
    kept (None: the raw weights).
    ``held_out`` training pictures are set aside, in whole groups where the data set has them; then the
    epoch that is best on them is kept, else the last one. The test set never chooses anything. ``crop``
    are the least and the largest share of a picture's area that a random crop keeps, of pictures larger
    than the model's where the data set has them (None: whole pictures). ``jitter`` are small turns and the
    like (None: none). ``objective`` is what is minimised; ``start`` names a bundled model whose weights are
    the initial ones (None: random weights).
    """

    model: str
    data: str
    epochs: int
    peak_rate: float
    batch: int = 128
    momentum: float = 0.9
    nesterov: bool = True
    weight_decay: float = 5e-4
    warmup: float = 0.2
    cycles: int = 1
    milestones: tuple[int, ...] = ()
    averaging: float | None = None
    held_out: int = 0
    shift: int = 0
    mirror: bool = False
    objective: Objective = field(default_factory=Clean)
    start: str | None = None
    crop: tuple[float, float] | None = None
    jitter: Jitter | None = None


@dataclass(frozen=True)
class DetectorRecipe:
    """Training of an adversary detector (Metzen et al., 2017, sections 4.1, 3.4): Adam, constant rate.

    ``adversary`` and ``parameters`` (its hyper-parameters by name, ``eps`` among them where it has
    one) say what made the adversarial half. For several adversaries, ``parameters`` has those of each
    by its name (``training.detectors.several``). ``fingerprint`` is that of the classifier's weights:
    another classifier is another training. ``limit`` keeps the first pictures only (None: all).
    ``start`` names a detector whose weights are the initial ones (None: random weights).
    With ``bfloat16`` the convolutions are computed in that precision, weights and Adam in float32.
    ``averaging`` is the decay per step of an exponential moving average of the weights, which is what is
    kept (None: the raw weights, as in the paper): on few pictures single epochs differ a lot.
    """

    model: str
    fingerprint: str
    point: str
    adversary: str
    parameters: Mapping[str, float | int | str | bool | Mapping | None] = field(
        default_factory=dict
    )
    limit: int | None = None
    epochs: int = 20
    rate: float = 1e-4
    betas: tuple[float, float] = (0.99, 0.999)
    batch: int = 128
    bfloat16: bool = True
    start: str | None = None
    averaging: float | None = None


RECIPES: Registry[Recipe] = Registry("recipe", key=lambda recipe: recipe.model)
"""By the model that they make, in the order of ``train --all-missing``."""
ABOUT: dict[str, str] = {}
"""What each recipe is, in half a sentence."""


def register(recipe: Recipe, about: str) -> Recipe:
    """Offer a recipe in ``train`` and its queue; ``about`` says in half a sentence what it is.

    Raises ``ValueError`` where this model already has one.
    """
    RECIPES.register(recipe)
    ABOUT[recipe.model] = about
    return recipe


def _resnet(defence: str, about: str, **changes) -> None:
    """On CIFAR-10, with shifts, mirror images and averaged weights."""
    common: dict[str, Any] = {"data": CIFAR_DATA, "averaging": 0.998, "peak_rate": 0.1}
    common |= {"shift": 4, "mirror": True}
    name = f"{RESNET}-{defence}" if defence else RESNET
    register(Recipe(model=name, **common | {"objective": Clean()} | changes), about)


def _digits(defence: str, about: str, **changes) -> None:
    """On the digits, in seconds."""
    common: dict[str, Any] = {
        "data": DIGITS_DATA,
        "epochs": 40,
        "peak_rate": 0.05,
        "batch": 64,
        "shift": 1,
    }
    name = f"{DIGITS}-{defence}" if defence else DIGITS
    register(Recipe(model=name, **common | changes), about)


def _verifiable(base: str, defence: str, about: str, **changes) -> None:
    """Networks with few ReLUs, for bounds and exact verification; without weight decay for intervals."""
    common: dict[str, Any]
    if base == MLP:
        common = {"data": DIGITS_DATA, "epochs": 60, "peak_rate": 0.05, "batch": 64}
    else:
        common = {"data": CIFAR_DATA, "averaging": 0.998, "peak_rate": 0.05, "shift": 4}
        common |= {"mirror": True}
    name = f"{base}-{defence}" if defence else base
    register(Recipe(model=name, **common | changes), about)


def _photo(defence: str, about: str, **changes) -> None:
    """On photographs, with random crops, mirror images and averaged weights."""
    common: dict[str, Any] = {"data": PHOTO_DATA, "batch": 64, "averaging": 0.998, "mirror": True}
    name = f"{PHOTO}-{defence}" if defence else PHOTO
    register(Recipe(model=name, **common | changes), about)


def _from_natural(defence: str, about: str, *, epochs: int, objective: Objective) -> None:
    """As ``_resnet``, beginning with the weights of the undefended network."""
    _resnet(defence, about, epochs=epochs, objective=objective, start=RESNET)


def _fgsm(defence: str, about: str, epochs: int = 15, **changes) -> None:
    """Wong et al. (2020): 15 epochs with a step of 1.25 eps, here from the natural weights.

    There is no early stopping when PGD begins to win, as in their code: averaged weights at the end of
    one cycle replace it, and the table of the defences shows whether the network overfitted.
    """
    objective = FGSMTraining(**{"eps": 8 / 255, "step": 10 / 255} | changes)
    _from_natural(defence, about, epochs=epochs, objective=objective)


def _distilled(temperature: float, epochs: int) -> None:
    """Teacher and student take ``epochs`` each.

    Without weight decay, as in Papernot et al. (2016): logits must grow with the temperature, and decay
    would act as if it were larger by the square of the temperature.
    """
    _resnet(
        f"distilled-t{temperature:g}",
        f"defensive distillation at temperature {temperature:g}",
        epochs=epochs,
        weight_decay=0.0,
        objective=Distillation(temperature=temperature),
    )


_resnet("", "undefended", epochs=40, peak_rate=0.15)
_digits("", "undefended, in seconds")
_digits(
    "pgd-at",
    "PGD adversarial training at 0.1, in seconds",
    objective=PGDTraining(eps=0.1, step=0.04, steps=5),
)
# Two steps of 5/255 go as far as the one of 10/255 in Wong et al., on a path that bends once.
_from_natural(
    "pgd-at",
    "PGD adversarial training at 8/255",
    epochs=25,
    objective=PGDTraining(eps=8 / 255, step=5 / 255, steps=2),
)
_fgsm("fgsm-at", "FGSM adversarial training at 8/255 from random starts")
_fgsm("fgsm-at-half", "the same, half of the loss on clean pictures", epochs=10, alpha=0.5)
_distilled(100, epochs=25)
_resnet(
    "gaussian",
    "Gaussian noise of 0.25 on the picture, for randomised smoothing",
    epochs=25,
    objective=GaussianTraining(sigma=0.25),
    start=RESNET,
)
_resnet(
    "pixeldp",
    "PixelDP: noise after the first convolution",
    epochs=30,
    objective=PixelDPTraining(),
)
# Alpha as in Goodfellow et al. (2015). At alpha 0 this small network does not overfit in 15 epochs.
_fgsm(
    "fgsm-at-plain",
    "FGSM without random starts: catastrophic overfitting",
    epochs=6,
    alpha=0.5,
    step=8 / 255,
    random_start=False,
)
_from_natural(
    "lambda-at",
    "half of each batch adversarial, weighted by 0.3",
    epochs=10,
    objective=LambdaTraining(),
)
_resnet(
    "saturated",
    "tanh units driven into saturation",
    epochs=16,
    objective=SaturationTraining(weight=1.0),
)
_from_natural(
    "static-augmentation",
    "with adversarial copies that were made once",
    epochs=8,
    objective=CopiesTraining(eps=8 / 255),
)
_from_natural(
    "gradient-regularised",
    "with a penalty on the gradient with respect to the picture",
    epochs=8,
    objective=GradientPenalty(eps=4 / 255),
)
_distilled(20, epochs=12)
_photo(
    "",
    "undefended, on photographs of 128 x 128",
    epochs=80,
    cycles=2,
    peak_rate=0.1,
    crop=(0.35, 1.0),
    objective=LabelSmoothing(share=0.1),
)
# As far in all as eps and a quarter, like the steps on CIFAR-10.
_photo(
    "pgd-at",
    "PGD adversarial training at 4/255",
    epochs=8,
    peak_rate=0.05,
    crop=(0.5, 1.0),
    objective=PGDTraining(eps=4 / 255, step=2.5 / 255, steps=2),
    start=PHOTO,
)
_photo(
    "gaussian",
    "Gaussian noise of 0.25 on the picture, for randomised smoothing",
    epochs=10,
    peak_rate=0.05,
    crop=(0.5, 1.0),
    objective=GaussianTraining(sigma=0.25),
    start=PHOTO,
)
register(
    Recipe(
        model=SIGNS,
        data=SIGNS_DATA,
        epochs=12,
        peak_rate=0.1,
        averaging=0.998,
        held_out=3_900,
        jitter=Jitter(turn=12, zoom=0.15, shift=0.08, light=0.5),
        objective=LabelSmoothing(share=0.05),
    ),
    "undefended, on traffic signs, a tenth of the tracks held out",
)

# The three networks that verification compares, on the digits and on CIFAR-10.
_verifiable(MLP, "", "a small perceptron for exact verification, in seconds")
_verifiable(
    MLP,
    "pgd-at",
    "the same by PGD adversarial training at 0.1, in seconds",
    objective=PGDTraining(eps=0.1, step=0.04, steps=5),
)
_verifiable(
    MLP,
    "ibp",
    "the same trained with interval bounds at 0.1, in seconds",
    epochs=120,
    peak_rate=0.1,
    weight_decay=0.0,
    objective=IBPTraining(eps=0.11),
)
_verifiable(SMALL, "", "a CNN of 2,944 ReLUs for bounds", epochs=15)
_verifiable(
    SMALL,
    "pgd-at",
    "the same by PGD adversarial training at 2/255",
    epochs=12,
    objective=PGDTraining(eps=2 / 255, step=1.25 / 255, steps=2),
)
_verifiable(
    SMALL,
    "ibp",
    "the same trained with interval bounds at 2/255",
    epochs=18,
    weight_decay=0.0,
    objective=IBPTraining(eps=2.2 / 255, warmup=0.02, reached=0.4),
)

# Metzen et al. (2017): 100 epochs, rate 0.1, 0.01 after 41 and 0.001 after 61, best on 5,000 held out.
PAPER_SCHEDULES = {
    RESNET: Recipe(
        model=RESNET,
        data=CIFAR_DATA,
        epochs=100,
        peak_rate=0.1,
        nesterov=False,
        milestones=(41, 61),
        held_out=5_000,
        shift=4,
        mirror=True,
    )
}
