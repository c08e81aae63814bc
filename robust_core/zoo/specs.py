"""The project's own classifiers without their weights: architecture and pictures."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial

import torch
from torch import nn

from robust_core import data, models
from robust_core.classifier import Classifier
from robust_core.data.record import DataSet
from robust_core.registry import Registry
from robust_core.zoo import imagenet


@dataclass(frozen=True)
class Spec:
    """How a model is built and what it is trained on.

    ``data`` is the data set whose pictures and classes it knows. ``base`` is the undefended model behind
    a defended one; None for an undefended model.
    """

    name: str
    data: str
    build: Callable[[], nn.Module]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    base: str | None = None
    title: str = ""
    """What people call an undefended network; a defended one goes by its defence."""
    input_size: tuple[int, int] | None = None
    """Height and width, where it takes the data set's pictures at another size than theirs."""
    shorter: int | None = None
    """The shorter side of a picture before its centre of another size is cut out."""

    @property
    def record(self) -> DataSet:
        """The data set."""
        return data.get(self.data)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of a picture."""
        return self.input_size or self.record.size

    @property
    def resize(self) -> int:
        """The shorter side of a picture before its centre is cut out."""
        return self.shorter or self.record.shorter


RESNET = "cifar10-resnet32"
DIGITS = "digits-cnn"
PHOTO = "imagenette-resnet"
SIGNS = "gtsrb-cnn"
MLP = "digits-mlp"
SMALL = "cifar10-cnn-small"
VGG_OF_TEN = "imagenet10-vgg16"
MEAN = (0.4914, 0.4822, 0.4465)
STD = (0.2470, 0.2435, 0.2616)
SIGNS_MEAN = (0.3391, 0.3120, 0.3204)
SIGNS_STD = (0.2730, 0.2630, 0.2664)
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
UNDEFENDED = (RESNET, DIGITS, PHOTO, SIGNS)
"""The project's models that are trained on plain pictures, and are always there."""
MODELS = Registry(
    "model",
    (
        Spec(RESNET, "cifar10", models.ResNet32, MEAN, STD, title="ResNet-32"),
        Spec(DIGITS, "digits", models.DigitsCNN, (0.3052,), (0.3760,), title="CNN"),
        Spec(
            PHOTO,
            "imagenette",
            models.PhotoResNet,
            IMAGENET_MEAN,
            IMAGENET_STD,
            title="ResNet-18",
        ),
        Spec(SIGNS, "gtsrb", models.SignsCNN, SIGNS_MEAN, SIGNS_STD, title="CNN"),
        # Small enough for exact verification and for bounds. Pixels of the digits as they are: then the
        # first layer's weights are in pixel units too.
        Spec(MLP, "digits", models.DigitsMLP, (0.0,), (1.0,), title="MLP"),
        Spec(SMALL, "cifar10", models.SmallCNN, MEAN, STD, title="Small CNN"),
        # Its weights are torchvision's and not in the index.
        Spec(
            VGG_OF_TEN,
            "imagenette",
            partial(imagenet.build, VGG_OF_TEN),
            IMAGENET_MEAN,
            IMAGENET_STD,
            title=imagenet.IMAGENET[VGG_OF_TEN].title,
            input_size=(224, 224),
            shorter=256,
        ),
        # Pixels are not divided by a deviation, so that the noise layer's guarantee is in pixel units.
        Spec(
            f"{RESNET}-pixeldp",
            "cifar10",
            models.PixelDPResNet32,
            MEAN,
            (1.0, 1.0, 1.0),
            RESNET,
        ),
        Spec(f"{RESNET}-saturated", "cifar10", models.SaturatedCNN, MEAN, STD, RESNET),
    ),
)
"""Models with a network of their own. A defended form of one is built in the same way: see ``spec``."""


def register(model: Spec) -> Spec:
    """Add a model. It is in the zoo once the index has its weights.

    Raises ``ValueError`` for a name that is taken.
    """
    return MODELS.register(model)


def spec(name: str) -> Spec:
    """The spec of a registered model, or of ``NAME-DEFENCE``, which is built as ``NAME`` is.

    Raises ``ValueError`` for other names.
    """
    base = _base(name)
    if name in MODELS or base is None:
        return MODELS.get(name)
    return replace(base, name=name, base=base.name)


def has_spec(name: str) -> bool:
    """Whether a model of that name can be built."""
    return name in MODELS or _base(name) is not None


def _base(name: str) -> Spec | None:
    """The undefended model that a name begins with; of several, the one with the longest name."""
    bases = [one for one in MODELS if one.base is None and name.startswith(f"{one.name}-")]
    return max(bases, key=lambda one: len(one.name), default=None)


def skeleton(name: str) -> nn.Module:
    """The network of a model without any values, on the meta device: for its points, shapes and counts.

    It is shared: do not change it. Raises ``ValueError`` for a name without a ``spec``.
    """
    return _skeleton(spec(name).build)


@cache
def _skeleton(build: Callable[[], nn.Module]) -> nn.Module:
    with torch.device("meta"):
        return build()


def untrained(name: str, seed: int = 0) -> Classifier:
    """A model by the name of its ``spec``, with fresh random weights; global random numbers are kept.

    Raises ``ValueError`` for a name without one.
    """
    known = spec(name)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        with torch.device("cpu"):
            network = known.build().float()  # whatever torch's defaults are
    return Classifier(
        network,
        name=name,
        class_names=known.record.class_names,
        input_size=known.size,
        mean=known.mean,
        std=known.std,
        resize=known.resize,
        synsets=known.record.synsets,
    )
