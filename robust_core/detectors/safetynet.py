"""SafetyNet: late activations become a discrete code, and a support vector machine reads the code.

Source: Lu, Issaranon, Forsyth (2017), "SafetyNet: detecting and rejecting adversarial examples
robustly", section 3.
"""

from typing import Self

import torch
from torch import Tensor, nn

from robust_core.classifier import Classifier
from robust_core.detectors.base import Frozen, in_eval_mode

SMOOTHNESS = 0.25


class Quantiser(nn.Module):
    """Features ``[N, D]`` to codes ``[N, D]``: how many of its thresholds a feature is above.

    ``thresholds`` ``[D, levels - 1]`` ascend in each row. ``scales`` ``[D]``, above 0, are the spreads
    of the features; ``smoothness`` is the width of a smooth step in these units, above 0.

    Raises ``ValueError`` for other shapes or values.
    """

    thresholds: Tensor
    scales: Tensor

    def __init__(self, thresholds: Tensor, scales: Tensor, smoothness: float = SMOOTHNESS) -> None:
        super().__init__()
        if thresholds.ndim != 2 or not thresholds.numel() or (thresholds.diff(dim=1) < 0).any():
            raise ValueError("thresholds must be [D, levels - 1] and ascend in each row")
        if scales.shape != thresholds.shape[:1] or not (scales > 0).all():
            raise ValueError(f"scales must be {len(thresholds)} numbers above 0")
        if not smoothness > 0:
            raise ValueError(f"smoothness must be above 0; got {smoothness!r}")
        self.register_buffer("thresholds", thresholds)
        self.register_buffer("scales", scales)
        self.smoothness = float(smoothness)

    @property
    def levels(self) -> int:
        """Values of a code: 2 where it is binary, 4 where it is quaternary."""
        return self.thresholds.shape[1] + 1

    def hard(self, features: Tensor) -> Tensor:
        """The code itself, whole numbers from 0 to ``levels - 1`` in the dtype of the thresholds."""
        above = features.detach().unsqueeze(-1) > self.thresholds
        return above.sum(-1).to(self.thresholds.dtype)

    def smooth(self, features: Tensor) -> Tensor:
        """``sum_j sigmoid((h - threshold_j) / s)``: values between the whole ones, with a derivative."""
        width = self.smoothness * self.scales.unsqueeze(-1)
        return ((features.unsqueeze(-1) - self.thresholds) / width).sigmoid().sum(-1)

    def forward(self, features: Tensor) -> Tensor:
        """The hard code, with the derivative of the smooth one."""
        smooth = self.smooth(features)
        return self.hard(features) + (smooth - smooth.detach())


class Machine(nn.Module):
    """A support vector machine with a radial kernel: codes ``[N, D]`` to decision values ``[N]``.

    ``f(c) = sum_i coefficients_i exp(-gamma |c - prototypes_i|^2) + intercept``, above 0 for adversarial
    codes; ``prototypes`` ``[S, D]`` are codes, ``coefficients`` ``[S]`` are alpha_i y_i.

    Raises ``ValueError`` for shapes that do not match, or a gamma not above 0.
    """

    prototypes: Tensor
    coefficients: Tensor

    def __init__(
        self, prototypes: Tensor, coefficients: Tensor, intercept: float, gamma: float
    ) -> None:
        super().__init__()
        if (
            prototypes.ndim != 2
            or coefficients.shape != prototypes.shape[:1]
            or not len(prototypes)
        ):
            raise ValueError("prototypes must be [S, D] and coefficients [S], with S at least 1")
        if not gamma > 0:
            raise ValueError(f"gamma must be above 0; got {gamma!r}")
        self.register_buffer("prototypes", prototypes.double())
        self.register_buffer("coefficients", coefficients.double())
        self.intercept = float(intercept)
        self.gamma = float(gamma)

    def distances(self, codes: Tensor) -> Tensor:
        """Squared distances to the prototypes, ``[N, S]``; exact for codes of whole numbers."""
        squares = codes.square().sum(1, keepdim=True) + self.prototypes.square().sum(1)
        return torch.addmm(squares, codes, self.prototypes.T, alpha=-2).clamp_min(0)

    def forward(self, codes: Tensor) -> Tensor:
        kernel = torch.exp(-self.gamma * self.distances(codes))
        return kernel @ self.coefficients + self.intercept

    def reachable(self, codes: Tensor) -> Tensor:
        """The same values, with a derivative also far from all prototypes, where the kernel's is 0.

        There the derivative is that of a wider kernel: its squared width is at least the median squared
        distance of the code from the prototypes.
        """
        distances = self.distances(codes)
        typical = distances.detach().median(1, keepdim=True).values
        gamma = (1 / (2 * typical.clamp_min(1))).clamp_max(self.gamma)
        wide = torch.exp(-gamma * distances) @ self.coefficients
        return self(codes.detach()) + (wide - wide.detach())


class SafetyNet(Frozen):
    """A classifier, a quantiser of its late activations, and a machine that reads the code.

    The features are the activations at ``points``, each averaged over its area and concatenated:
    for the ResNet-32 at AD(3) and AD(4) 32 + 64 numbers. A code is constant between thresholds, so
    its derivative is 0 there and plain gradient attacks find no direction: that masks the gradient and
    does not remove adversarial pictures. ``logit`` therefore has the value of the true machine and the
    derivative of a smooth one (BPDA; Athalye, Carlini, Wagner, 2018); ``hard_logit`` is the machine
    itself.

    ``score`` is the sigmoid of the decision value, without Platt scaling: it ranks pictures, and 0.5 is
    the machine's own boundary, but it is not a calibrated probability. ``threshold`` is the score in
    [0, 1] above which a picture is flagged.

    Raises ``ValueError`` where the classifier has no such points, where the sizes of quantiser, machine
    and activations differ, or for a threshold that is not in [0, 1].
    """

    METHOD = "safetynet"

    def __init__(
        self,
        classifier: Classifier,
        quantiser: Quantiser,
        machine: Machine,
        *,
        points: tuple[str, ...],
        name: str = "safetynet",
        threshold: float = 0.5,
    ) -> None:
        super().__init__(classifier, name=name, threshold=threshold)
        self.points = check_points(classifier, points)
        if len(quantiser.thresholds) != machine.prototypes.shape[1]:
            raise ValueError(
                f"the quantiser has {len(quantiser.thresholds)} features, "
                f"the machine {machine.prototypes.shape[1]}"
            )
        dtype = torch.float32 if classifier.device.type == "mps" else torch.float64
        self.quantiser = quantiser.to(classifier.device, dtype)
        self.machine = machine.to(classifier.device, dtype)
        self.freeze()

    @classmethod
    def from_entry(cls, classifier: Classifier, tensors: dict[str, Tensor], entry: dict) -> Self:
        """The detector of an entry of the index, from the tensors of its file.

        These are ``thresholds``, ``scales``, ``prototypes``, ``coefficients``, ``intercept`` and ``gamma``.
        Raises ``KeyError`` where one is missing, ``ValueError`` where they do not fit.
        """
        quantiser = Quantiser(tensors["thresholds"], tensors["scales"])
        machine = Machine(
            tensors["prototypes"],
            tensors["coefficients"],
            tensors["intercept"].item(),
            tensors["gamma"].item(),
        )
        points = tuple(entry["recipe"]["points"])
        return cls(classifier, quantiser, machine, points=points, threshold=entry["threshold"])

    @in_eval_mode
    def codes(self, images: Tensor) -> Tensor:
        """The codes ``[N, D]`` of pictures ``[N, C, H, W]`` in [0, 1]: whole numbers, without a graph."""
        return self.quantiser.hard(features(self.classifier, images, self.points))

    @in_eval_mode
    def both(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """The classifier's logits ``[N, K]`` and the decision value ``[N]``, in one pass of the trunk."""
        read, last = walk(self.classifier, images, self.points)
        value = self.machine.reachable(self.quantiser(read))
        return self.classifier.network.head(last), value.to(last.dtype)

    @in_eval_mode
    def logit(self, images: Tensor) -> Tensor:
        """The decision value ``[N]`` of pictures in [0, 1], with the derivative of the smooth machine."""
        read = features(self.classifier, images, self.points)
        return self.machine.reachable(self.quantiser(read)).to(read.dtype)

    @torch.no_grad()
    def hard_logit(self, images: Tensor) -> Tensor:
        """The decision value ``[N]`` itself. It has no graph: its derivative is 0 almost everywhere."""
        with self.asked_about(images):
            return self.machine(self.codes(images)).to(self.classifier.mean.dtype)

    def score(self, images: Tensor) -> Tensor:
        """The sigmoid of the decision value: ``[N]`` in [0, 1], without a graph."""
        return self.hard_logit(images).sigmoid()


def check_points(classifier: Classifier, points: tuple[str, ...]) -> tuple[str, ...]:
    """``points`` in order. Raises ``ValueError`` unless the classifier has them, each named once."""
    there = getattr(classifier.network, "attachment_points", ())
    if not there:
        raise ValueError(f"points: {classifier.name} has no attachment points for a detector")
    if not points or len(set(points)) < len(points) or not set(points) <= set(there):
        raise ValueError(
            f"points of {classifier.name} must be some of {', '.join(there)}, each once; got {points!r}"
        )
    return tuple(sorted(points, key=there.index))


def features(classifier: Classifier, images: Tensor, points: tuple[str, ...]) -> Tensor:
    """Activations of pictures ``[N, C, H, W]`` at some points, averaged over their areas: ``[N, D]``."""
    return walk(classifier, images, points)[0]


def walk(classifier: Classifier, images: Tensor, points: tuple[str, ...]) -> tuple[Tensor, Tensor]:
    """``features``, and the trunk's last activation, from one pass."""
    read = []
    activation = None
    normalised = classifier.normalise(images.to(classifier.mean.dtype))
    for point, activation in classifier.network.walk(normalised):
        if point in points:
            read.append(activation.mean((2, 3)))
    assert activation is not None
    return torch.cat(read, 1), activation
