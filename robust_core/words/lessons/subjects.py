"""What several steps compute on: one photograph, the first test digits, an attack counted on them."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from robust_core import attacks, imaging, zoo
from robust_core.attacks import Attack
from robust_core.classifier import Classifier
from robust_core.data import digits, samples
from robust_core.evaluation.accuracy import evaluate
from robust_core.experiment.perform import Experiment, perform
from robust_core.progress import Progress
from robust_core.words.lessons.step import Picture, Pictures
from robust_core.words.numbers import in_255ths
from robust_core.words.verdict import said

WHOLE, CLOSE = "chelsea", "chelsea-face"
"""A cat, and a close-up of it, which one step of a small eps does not turn."""
CIFAR = "cifar10-resnet32"
DIGITS = "digits-cnn"
SEED = 0


def photograph(sample: str = CLOSE) -> np.ndarray:
    """A photograph as the CIFAR-10 network sees it, uint8 ``[h, w, c]``."""
    return zoo.describe(CIFAR).fitted(samples.load(sample).picture.pixels, "crop")


def label(model: Classifier, sample: str = CLOSE) -> int:
    """The index of a photograph's class."""
    name = samples.load(sample).label_among(tuple(model.class_names))
    assert name is not None, sample
    return model.class_names.index(name)


def attacked(
    attack: Attack,
    progress: Progress | None,
    *,
    detector: str | None = None,
    sample: str = CLOSE,
) -> Experiment:
    """A photograph under an attack on the CIFAR-10 network."""
    model = zoo.load(CIFAR)
    return perform(
        model,
        photograph(sample),
        attack,
        label=label(model, sample),
        label_source="the label of the sample",
        progress=progress,
        detector=zoo.load_detector(detector) if detector else None,
    )


def pictures(found: Experiment) -> Pictures:
    """Clean, change and adversarial, as on the page Attack."""
    clean, adversarial = (x.numpy() for x in found.pixels())
    delta = (adversarial.astype(np.float32) - clean.astype(np.float32)) / 255
    largest = float(np.abs(delta).max()) or 1.0
    factor = max(1, int(0.5 / largest))
    return Pictures(
        (
            Picture(clean, f"clean: {said(found.before[0])}", "clean"),
            Picture(
                imaging.show_change(delta, factor),
                f"change, at most {in_255ths(largest)}"
                + f", shown {factor} times as large" * (factor > 1),
            ),
            Picture(adversarial, f"adversarial: {said(found.after[0])}", "adversarial"),
        )
    )


@dataclass(frozen=True)
class Counted:
    """An attack on the first ``n`` test digits: how many of those that were right it flipped, at what cost.

    ``mean_l2`` is over the flipped ones, None where there are none; passes are per picture.
    """

    n: int
    correct: int
    flipped: int
    mean_l2: float | None
    queries: float
    gradients: float

    @property
    def left(self) -> int:
        """Pictures that are still right."""
        return self.correct - self.flipped


@lru_cache(maxsize=64)
def counted(name: str, eps: float | None, n: int, **parameters: object) -> Counted:
    """The attack ``name`` on the first ``n`` test digits and the network that lessons use."""
    images, labels = test_digits(n)
    kind = attacks.get(name)
    if "seed" in kind().parameters:
        parameters = {"seed": SEED, **parameters}
    found = evaluate(
        zoo.load(DIGITS),
        name,
        images,
        labels,
        eps_list=None if eps is None else [eps],
        parameters=parameters,
    )
    row = found["rows"][0]
    return Counted(
        n,
        round(row["correct"]),
        round(row["flipped"]),
        row["mean_l2"],
        row["mean_queries"],
        row["mean_gradients"],
    )


def test_digits(n: int) -> tuple[Tensor, Tensor]:
    """The first ``n`` test digits ``[n, 1, 8, 8]`` with their labels."""
    images, labels = digits.load("test")
    return images[:n], labels[:n].to(torch.int64)


def conditions(n: int, eps: float | None, *more: str) -> str:
    """``digits-cnn, first 100 test digits, eps 0.1 Linf``, and what else matters."""
    radius = () if eps is None else (f"eps {eps:g} in Linf",)
    return ", ".join((DIGITS, f"the first {n} test digits", *radius, *more)) + "."
