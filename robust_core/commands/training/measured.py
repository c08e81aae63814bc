"""``train squeezing``, ``safetynet``, ``reconstruction``: detectors measured against several attacks."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from robust_core.commands import output
from robust_core.commands.output import flag
from robust_core.commands.training import detector, detector_data
from robust_core.commands.training.detector_data import PICTURES
from robust_core.commands.training.request import Request, given
from robust_core.words.numbers import exact_share, number

if TYPE_CHECKING:
    from robust_core.classifier import Classifier
    from robust_core.data import DataSet
    from robust_core.training.detectors.measurement import Measurement

OWN = ("model", "limit", "test_limit", "cache")
"""The options that all of these recipes take, besides those that every recipe takes."""


@dataclass(frozen=True)
class Job:
    """A detector to make: for which classifier, from which pictures, and from how many."""

    method: str
    classifier: "Classifier"
    record: "DataSet"
    limit: int | None
    test_limit: int | None
    command: str
    request: Request

    @property
    def name(self) -> str:
        """E.g. ``cifar10-resnet32-squeezing``."""
        return f"{self.classifier.name}-{self.method}"

    @property
    def folder(self) -> Path:
        return self.request.folder_for(self.name)

    def measurement(self, measure: int = PICTURES, calibrate: int = PICTURES) -> "Measurement":
        """On ``--test-limit`` or ``measure`` test pictures, with ``calibrate`` others for the threshold."""
        from robust_core.training.detectors.measurement import Measurement

        pictures = detector_data.pictures_for(self.classifier, "test", self.request.data)
        test, calibration = detector_data.halves(pictures, self.test_limit or measure, calibrate)
        return Measurement(
            test=test,
            calibration=calibration,
            data=self.record.full_title,
            command=self.command,
            folder=self.folder,
            cache=self.request.cache_folder,
        )


@dataclass(frozen=True)
class Method:
    """A recipe of ``train``: ``make`` gives the entry of the index and one sentence about it.

    ``points``: only for classifiers whose layers it can read. ``kept`` says what an interruption leaves.
    """

    name: str
    model: str
    make: Callable[[Job], tuple[dict, str]]
    points: bool = False
    takes: tuple[str, ...] = OWN
    kept: str = "What was crafted is kept"

    def run(self, args: argparse.Namespace) -> None:
        """Make, calibrate, measure; what was crafted is kept for the next call."""
        alien = given(args, set_of_options(besides=self.takes))
        if alien:
            taken = ", ".join(map(flag, self.takes))
            raise ValueError(f"{self.name} has no {', '.join(alien)}; it takes {taken}")
        request = Request.of(args)
        model = args.model or self.model
        record = detector_data.record_of(model, points=self.points)
        from robust_core import zoo

        own = {"model": args.model, "limit": args.limit, "test_limit": args.test_limit}
        job = Job(
            method=self.name,
            classifier=zoo.load(model, request.device),
            record=record,
            limit=args.limit,
            test_limit=args.test_limit,
            command=output.command_line("train", self.name, **own, seed=request.seed or None),
            request=request,
        )
        with request.holding(job.folder):
            with output.stopping(lambda: f"Stopped. {self.kept}: run the same command to go on."):
                entry, more = self.make(job)
            request.hand_over(job.folder, job.name, entry, _lines(entry, more))


def set_of_options(besides: tuple[str, ...]) -> list[str]:
    """All options that belong to some recipe only, except ``besides``."""
    names = (*detector.OPTIONS, "epochs", "paper_schedule", "curve_only", "seed")
    return [name for name in names if name not in besides]


def refuse_settings(args: argparse.Namespace, *others: str) -> None:
    """For recipes that fix all: raises ``ValueError`` for a recipe's options, and for ``others``."""
    alien = given(args, [*others, *set_of_options(besides=())])
    if alien:
        raise ValueError(f"{args.recipe} takes no {', '.join(alien)}: its recipe fixes all")


def _lines(entry: dict, more: str) -> list[str]:
    rows = [
        [
            one["adversary"],
            number(one["parameters"].get("eps")),
            str(one["n_adversarial"]),
            exact_share(one["true_positives"]),
            number(one["auc"]),
        ]
        for one in entry["against"]
    ]
    return [
        output.table(["adversary", "eps", "successful", "found", "AUC"], rows),
        f"At the threshold {entry['threshold']:.4f}: "
        f"{exact_share(entry['at_threshold']['false_positives'])} of {entry['n_test']} clean test "
        f"pictures are flagged, and at most {exact_share(entry['false_positive_rate'])} of the "
        f"{entry['n_calibration']} that it was set on. {more}",
    ]
