"""What the suite measures: every change at five strengths, on a row of networks of each data set."""

from dataclasses import dataclass

from robust_core import zoo
from robust_core.evaluation.suites import NATURAL
from robust_core.natural.changes import CHANGES

NAME = NATURAL
COMMAND = f"python -m robust_core evaluate --suite {NAME}"
PICTURES = {"cifar10": 500, "imagenette": 250, "digits": 450}
"""By data set, which are the parts of the file: as many test pictures, at equal distances."""
PARTS = tuple(PICTURES)
MODELS = {
    "cifar10": ("cifar10-resnet32", "cifar10-resnet32-pgd-at", "cifar10-resnet32-gaussian"),
    "imagenette": ("imagenette-resnet", "imagenette-resnet-pgd-at", "imagenette-resnet-gaussian"),
    "digits": ("digits-cnn", "digits-cnn-pgd-at"),
}
"""Trained on plain pictures, on adversarial ones, under Gaussian noise."""


@dataclass(frozen=True)
class Job:
    """A row to measure: a change of the test pictures of ``data``, tested on ``model``."""

    data: str
    model: str
    change: str

    @property
    def n(self) -> int:
        return PICTURES[self.data]


def jobs(part: str) -> list[Job]:
    """The rows of a part, in the order of the tables; of models that the zoo has."""
    there = zoo.names()
    return [
        Job(part, model, change)
        for model in MODELS[part]
        if model in there
        for change in CHANGES.names()
    ]
