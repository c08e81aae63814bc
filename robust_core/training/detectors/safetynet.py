"""Training of SafetyNet: thresholds of the code, then a support vector machine (Lu et al., 2017)."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors.torch import save as to_safetensors
from torch import Tensor

from robust_core.classifier import Classifier
from robust_core.detectors import SafetyNet
from robust_core.detectors.measure import kinds
from robust_core.detectors.safetynet import Quantiser, check_points, features
from robust_core.training.detectors.crafted import Originals
from robust_core.training.detectors.measurement import Measurement, batches, identity
from robust_core.training.detectors.opponents import Opponent, measured

SAMPLE = 1000
"""Codes whose mutual distances set the width of the kernel."""


@dataclass(frozen=True)
class SafetyNetRecipe:
    """What is read, how it is quantised, and what the machine learns to tell from clean pictures.

    ``levels`` 4 puts the thresholds at the three quartiles of the clean training activations, 2 one
    at their median. The threshold 0 of the paper's binary code would always be exceeded here, as the
    mean of a map after a ReLU is 0 only where the whole map is. ``penalty`` is the machine's C.
    ``adversaries`` are the names and hyper-parameters of those that it is trained on; ``limit`` is
    the number of training pictures (None: all).
    """

    model: str
    fingerprint: str
    adversaries: dict[str, dict]
    points: tuple[str, ...] = ("AD(3)", "AD(4)")
    levels: int = 4
    penalty: float = 1.0
    limit: int | None = None


def name(recipe: SafetyNetRecipe) -> str:
    """The detector's name, such as ``cifar10-resnet32-safetynet``."""
    return f"{recipe.model}-{SafetyNet.METHOD}"


def fit(clean: Tensor, adversarial: Tensor, *, levels: int = 4, penalty: float = 1.0) -> dict:
    """Thresholds, machine and width of the kernel, as the tensors of ``SafetyNet.from_entry``.

    ``clean`` ``[N, D]`` and ``adversarial`` ``[M, D]`` are features. Both halves have the same weight,
    whatever their sizes. The kernel is ``exp(-|c - c'|^2 / (2 sigma^2))`` with sigma^2 the median squared
    distance between the codes.

    Raises ``ValueError`` for fewer than two levels, or where most codes are equal.
    """
    from sklearn.svm import SVC

    if levels < 2:
        raise ValueError(f"levels must be at least 2; got {levels!r}")
    clean = clean.double()
    adversarial = adversarial.double()
    shares = torch.arange(1, levels, dtype=torch.float64, device="cpu") / levels
    thresholds = torch.quantile(clean, shares, dim=0).T.contiguous()
    spread = clean.std(0)
    scales = spread.clamp_min(1e-3 * spread.max().clamp_min(1e-3).item())
    codes = Quantiser(thresholds, scales).hard(torch.cat([clean, adversarial]))
    apart = torch.pdist(codes[:: -(-len(codes) // SAMPLE)]).square().median().item()
    if not apart > 0:
        raise ValueError(
            "clean and adversarial must give codes that differ; most of them are equal"
        )
    machine = SVC(kernel="rbf", C=penalty, gamma=1 / (2 * apart), class_weight="balanced")
    machine.fit(codes.numpy(), kinds(clean, adversarial))
    return {
        "thresholds": thresholds,
        "scales": scales,
        "prototypes": torch.from_numpy(machine.support_vectors_).to(torch.uint8),
        "coefficients": torch.from_numpy(machine.dual_coef_[0]).contiguous(),
        "intercept": torch.from_numpy(machine.intercept_),
        "gamma": torch.tensor([1 / (2 * apart)], dtype=torch.float64, device="cpu"),
    }


def train_safetynet(
    classifier: Classifier,
    recipe: SafetyNetRecipe,
    opponents: Sequence[Opponent],
    images: Tensor,
    *,
    cache: Path,
    show: bool = True,
) -> dict[str, Tensor]:
    """The tensors of a SafetyNet for ``opponents``, those that ``recipe`` names.

    Each makes the classifier leave its predictions for the clean pictures, the first ``recipe.limit``
    of ``images`` ``[N, 3, H, W]`` (bytes, or floats in [0, 1]). What was crafted is kept in ``cache``.
    """
    points = check_points(classifier, recipe.points)
    images = images[: recipe.limit]
    originals = Originals(classifier, images, None, cache, what="train", show=show)
    clean: list[Tensor] = []
    adversarial: list[Tensor] = []
    for opponent in opponents:
        crafted = opponent.craft(originals)
        with torch.no_grad():
            pairs = [
                [features(classifier, part, points).cpu() for part in pair]
                for pair in batches(crafted, classifier.device)
            ]
        clean = [pair[0] for pair in pairs]  # the same for each opponent
        adversarial += [pair[1] for pair in pairs]
    return fit(
        torch.cat(clean), torch.cat(adversarial), levels=recipe.levels, penalty=recipe.penalty
    )


def export_safetynet(
    classifier: Classifier,
    recipe: SafetyNetRecipe,
    opponents: Sequence[Opponent],
    images: Tensor,
    measurement: Measurement,
    *,
    unseen: Sequence[Opponent] = (),
) -> dict:
    """Train on ``images`` against ``opponents``, calibrate, measure; write file and entry; return it.

    It is measured against ``opponents`` and against ``unseen`` ones.
    """
    started = time.perf_counter()
    cache = measurement.cache
    show = measurement.show
    tensors = train_safetynet(classifier, recipe, opponents, images, cache=cache, show=show)
    seconds = time.perf_counter() - started
    known = {"recipe": asdict(recipe), "threshold": 0.5}
    detector = SafetyNet.from_entry(classifier, tensors, known)
    calibrated = measurement.calibrate(detector)
    content = to_safetensors(tensors)
    point = "+".join(detector.points)
    adversary = list(recipe.adversaries)
    entry = {
        **measurement.described(detector, calibrated),
        **identity(name(recipe), content, recipe, point=point, adversary=adversary),
        **measured(detector, [*opponents, *unseen], measurement),
        "n": len(images[: recipe.limit]),
        "prototypes": len(tensors["coefficients"]),
        "seconds": round(seconds, 1),
    }
    measurement.write(name(recipe), entry, content)
    return entry
