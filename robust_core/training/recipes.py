"""How each bundled model is trained: numbers, and nothing else."""

from dataclasses import dataclass, field

CIFAR_DATA = "CIFAR-10"
DIGITS_DATA = "scikit-learn digits"


@dataclass(frozen=True)
class Recipe:
    """Stochastic gradient descent with Nesterov momentum.

    Without ``milestones`` the learning rate follows one cycle: up to ``peak_rate`` over the first
    ``warmup`` share of the steps, then down to zero along a cosine. With ``milestones`` it is
    constant and divided by ten after each of those epochs. ``averaging`` is the decay per step of
    an exponential moving average of the weights, which is what is kept (None: the raw weights).
    ``held_out`` training pictures are set aside; then the epoch that is best on them is kept,
    else the last one. The test set never chooses anything.
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
    milestones: tuple[int, ...] = ()
    averaging: float | None = None
    held_out: int = 0
    shift: int = 0
    mirror: bool = False


@dataclass(frozen=True)
class DetectorRecipe:
    """Training of an adversary detector (Metzen et al., 2017, sections 4.1, 3.4): Adam, constant rate.

    ``adversary`` and ``parameters`` (its hyper-parameters by name, ``eps`` among them where it has
    one) say what made the adversarial half. Of several adversaries, ``parameters`` has those of each
    by its name (``training.several``). ``fingerprint`` is that of the classifier's weights:
    another classifier is another training. ``limit`` keeps the first pictures only (None: all).
    ``start`` names a detector whose weights are the first ones (None: random weights).
    With ``bfloat16`` the convolutions are computed in that precision, weights and Adam in float32.
    """

    model: str
    fingerprint: str
    point: str
    adversary: str
    parameters: dict[str, float | int | str | bool | dict | None] = field(default_factory=dict)
    limit: int | None = None
    epochs: int = 20
    rate: float = 1e-4
    betas: tuple[float, float] = (0.99, 0.999)
    batch: int = 128
    bfloat16: bool = True
    start: str | None = None


RECIPES = {
    "cifar10-resnet32": Recipe(
        model="cifar10-resnet32",
        data=CIFAR_DATA,
        epochs=40,
        peak_rate=0.15,
        averaging=0.998,
        shift=4,
        mirror=True,
    ),
    "digits-cnn": Recipe(
        model="digits-cnn", data=DIGITS_DATA, epochs=40, peak_rate=0.05, batch=64, shift=1
    ),
}

# Metzen et al. (2017): 100 epochs, rate 0.1, 0.01 after 41 and 0.001 after 61, best of 5,000 held out.
PAPER_SCHEDULES = {
    "cifar10-resnet32": Recipe(
        model="cifar10-resnet32",
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
