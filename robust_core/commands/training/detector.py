"""``python -m robust_core train detector``: an adversary detector for one attack."""

import argparse
import sys
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from robust_core.commands import options, output
from robust_core.commands.training import detector_data
from robust_core.commands.training.detector_options import (
    DYNAMIC,
    IN_TURN,
    MODEL,
    SEVERAL,
    DetectorOptions,
)
from robust_core.commands.training.request import Request, given
from robust_core.words.numbers import duration, exact_share

if TYPE_CHECKING:
    from torch import Tensor

    from robust_core.attacks import BIM, Attack
    from robust_core.classifier import Classifier
    from robust_core.training.detectors.dynamic import DynamicTrainer
    from robust_core.training.detectors.measurement import Measurement
    from robust_core.training.recipes import DetectorRecipe

    Adversaries: TypeAlias = Attack | dict[str, Attack]
    """The attack to detect; for several, those that take turns, by name, in order."""

RECIPE = "detector"
TEST_LIMIT = detector_data.PICTURES
OPTIONS = (
    "model",
    "point",
    "adversary",
    "eps",
    "steps",
    "step_size",
    "limit",
    "test_limit",
    "start",
    "averaging",
    "cache",
    "all_missing",
)
"""What belongs to detectors alone; None where it was not given."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the recipe ``detector``."""
    group = parser.add_argument_group("detector")
    group.add_argument("--model", metavar="M", help=f"the classifier (default: {MODEL})")
    group.add_argument(
        "--point", metavar="P", help="attachment point (default: AD(2); AD(4) for photographs)"
    )
    group.add_argument(
        "--adversary",
        metavar="A",
        help=f"the attack to detect, e.g. bim; {DYNAMIC}: made again in each step; {SEVERAL}: "
        f"{len(IN_TURN)} attacks in turn",
    )
    group.add_argument("--eps", type=options.radius, metavar="E", help="of the attack")
    group.add_argument("--steps", type=options.number, metavar="N", help="of the attack")
    group.add_argument("--step-size", type=options.number, metavar="S", help="of the attack")
    options.add_count(group, "--limit", "the first N training pictures (default: all)")
    options.add_count(
        group, "--test-limit", f"measure on the first N test pictures (default: {TEST_LIMIT})"
    )
    group.add_argument("--start", metavar="D", help="begin with the weights of a bundled detector")
    group.add_argument(
        "--averaging",
        type=_decay,
        metavar="D",
        help="keep an average of the weights with this decay per step (default: the last ones)",
    )
    options.add_folder(
        group, "--cache", "for adversarial pictures and activations (default: runs/cache)"
    )
    group.add_argument(
        "--all-missing",
        action="store_true",
        default=None,
        help="train and install all bundled detectors that are missing, one after another (with --model: "
        "those on M, then those of which only the tables have figures); without RECIPE: all classifiers",
    )


def _decay(text: str) -> float:
    value = float(options.number(text))
    if not 0 < value < 1:
        raise argparse.ArgumentTypeError(f"must be between 0 and 1; got {text!r}")
    return value


def run(args: argparse.Namespace) -> None:
    """Train the detector that was asked for, or all that are missing."""
    if args.paper_schedule:
        raise ValueError("detector has no --paper-schedule: it is trained as in the paper anyway")
    if args.curve_only:
        raise ValueError("detector has no --curve-only: only classifiers have")
    if args.all_missing:
        own = [name for name in OPTIONS if name not in ("model", "cache", "all_missing")]
        alien = given(args, [*own, "epochs", "seed", "folder"])
        if alien:
            raise ValueError(f"detector --all-missing takes no {', '.join(alien)}")
        train_missing(Request.of(args), args.model)
    else:
        train(DetectorOptions.of(args), Request.of(args))


def train_missing(request: Request, model: str | None = None) -> None:
    """Train and install each bundled detector that the index lacks.

    Of one ``model``, afterwards also those of which only the tables have figures: they are not installed.
    """
    from robust_core import zoo
    from robust_core.commands.training import detector_queue as queue

    bundled = [one for one in queue.BUNDLED if model in (None, one.model or MODEL)]
    others = [one for one in queue.MEASURED if model == one.model]
    if not bundled + others:
        models = dict.fromkeys(one.model or MODEL for one in queue.BUNDLED)
        raise ValueError(f"--model must be one of {', '.join(models)}; got {model!r}")
    missing = [one for one in bundled if queue.name(one) not in zoo.index()]
    unmeasured = [one for one in others if not _is_finished(request, queue.name(one))]
    if not missing + unmeasured:
        every = len(bundled + others)
        print(f"Nothing is missing: all {every} are there.", file=sys.stderr)
    for one in missing:
        train(one, replace(request, install=True))
    for one in unmeasured:
        train(one, request)


def _is_finished(request: Request, name: str) -> bool:
    from robust_core.training.export import ENTRY

    return (request.folder_for(name) / ENTRY).exists()


def train(wanted: DetectorOptions, request: Request) -> None:
    """Craft, train, measure; resumes an interrupted call."""
    adversary = adversary_of(wanted, request.seed)
    model = wanted.model or MODEL
    record = detector_data.record_of(model, points=True)
    check_point(model, point_of(wanted))
    from robust_core import zoo
    from robust_core.training.detectors import static
    from robust_core.training.detectors.measurement import Measurement

    classifier = zoo.load(model, request.device)
    recipe = recipe_of(wanted, classifier, adversary)
    name = static.name(recipe)
    folder = request.folder_for(name)
    images = detector_data.pictures_for(classifier, "train", request.data, wanted.limit)[0]
    test, calibration = detector_data.halves(
        detector_data.pictures_for(classifier, "test", request.data),
        wanted.test_limit or TEST_LIMIT,
        detector_data.PICTURES,
    )
    measurement = Measurement(
        test=test,
        calibration=calibration,
        data=record.full_title,
        command=command(wanted, request.seed),
        folder=folder,
        cache=request.cache_folder,
    )
    kept = "Whole epochs and what was crafted are kept"
    with request.holding(folder):
        with output.stopping(lambda: f"Stopped. {kept}: run the same command to go on."):
            entry = _entry(classifier, adversary, recipe, images, measurement, request)
        request.hand_over(folder, name, entry, _lines(entry))


def _entry(
    classifier: "Classifier",
    adversary: "Adversaries",
    recipe: "DetectorRecipe",
    images: "Tensor",
    measurement: "Measurement",
    request: Request,
) -> dict:
    """Train on ``images`` and export; returns the entry of the index."""
    from robust_core.attacks import BIM
    from robust_core.training.detectors.export import export_detector
    from robust_core.training.detectors.static import train_detector

    folder = measurement.folder
    if recipe.adversary == DYNAMIC and isinstance(adversary, BIM):
        dynamic = _dynamic(classifier, adversary, recipe, images, folder, request)
        # The dynamic adversary is measured in its static form.
        static = replace(recipe, adversary=adversary.name, parameters=asdict(adversary))
        return export_detector(dynamic, adversary, static, measurement)
    trainer = train_detector(
        classifier,
        adversary,
        recipe,
        images,
        folder=folder,
        cache=measurement.cache,
        seed=request.seed,
    )
    return export_detector(trainer, adversary, recipe, measurement)


def _dynamic(
    classifier: "Classifier",
    adversary: "BIM",
    recipe: "DetectorRecipe",
    images: "Tensor",
    folder: Path,
    request: Request,
) -> "DynamicTrainer":
    """A trainer against the dynamic form of ``adversary``, which also attacks the detector."""
    from robust_core.attacks.pair.mixed import mixed
    from robust_core.training.detectors.dynamic import train_dynamic

    start = first_weights(recipe.start, request.device) if recipe.start else None
    partner = partial(mixed, eps=adversary.eps, steps=adversary.steps, step_size=adversary.size)
    return train_dynamic(
        classifier, partner, recipe, images, start=start, folder=folder, seed=request.seed
    )


def first_weights(name: str, device: str | None) -> "dict[str, Tensor]":
    """The weights of a bundled detector. Raises ``ValueError`` where it is not of this kind."""
    from robust_core import zoo
    from robust_core.detectors import Subnetwork

    detector = zoo.load_detector(name, device)
    if not isinstance(detector, Subnetwork):
        raise ValueError(f"--start must be a detector made by train {RECIPE}; got {name!r}")
    return detector.subnetwork.state_dict()


def check_point(model: str, point: str) -> None:
    """Raise ``ValueError`` for a point that a model does not have, before any data is needed."""
    there = detector_data.points_of(model)
    if point not in there:
        raise ValueError(f"--point must be one of {', '.join(there)} for {model}; got {point!r}")


def point_of(wanted: DetectorOptions) -> str:
    """The attachment point that was asked for, or the usual one of the model."""
    return wanted.point or detector_data.usual_point(wanted.model or MODEL)


def adversary_of(wanted: DetectorOptions, seed: int = 0) -> "Adversaries":
    """The attack to detect, or several. Raises ``ValueError`` naming what is missing or does not belong."""
    if wanted.start is not None and wanted.adversary != DYNAMIC:
        raise ValueError(f"--start belongs to --adversary {DYNAMIC}; others begin at random")
    if wanted.adversary == SEVERAL:
        if wanted.model not in (None, MODEL):
            raise ValueError(
                f"--adversary {SEVERAL} is for {MODEL}: its attacks have radii for pictures of 32 x 32"
            )
        if wanted.of_attack:
            alien = ", ".join(output.flag(name) for name in wanted.of_attack)
            raise ValueError(
                f"--adversary {SEVERAL} takes none of {alien}: each of its attacks has its own"
            )
        return {one.adversary: _attack(one, seed) for one in IN_TURN}
    return _attack(wanted, seed)


def _attack(wanted: DetectorOptions, seed: int) -> "Attack":
    from robust_core import attacks

    # Dynamic: with sigma 0 it is BIM, against which the detector is measured.
    name = "bim" if wanted.adversary == DYNAMIC else wanted.adversary
    options.check_eps(name, wanted.eps)
    seeded = {"seed": seed} if options.has(name, "seed") else {}
    return attacks.create(name, **wanted.of_attack, **seeded)


def recipe_of(
    wanted: DetectorOptions, classifier: "Classifier", adversary: "Adversaries"
) -> "DetectorRecipe":
    """The recipe that the options stand for, with all parameters of the adversary."""
    from robust_core.training.recipes import DetectorRecipe
    from robust_core.zoo.weights import fingerprint

    if isinstance(adversary, dict):
        parameters = {name: asdict(attack) for name, attack in adversary.items()}
    else:
        parameters = asdict(adversary)
    return DetectorRecipe(
        model=classifier.name,
        fingerprint=fingerprint(classifier),
        point=point_of(wanted),
        adversary=wanted.adversary,
        parameters=parameters,
        limit=wanted.limit,
        start=wanted.start,
        averaging=wanted.averaging,
        epochs=wanted.epochs or DetectorRecipe.epochs,
    )


def command(wanted: DetectorOptions, seed: int = 0) -> str:
    """The command line that makes the same weights."""
    return output.command_line("train", RECIPE, **asdict(wanted), seed=seed or None)


def _lines(entry: dict) -> list[str]:
    if entry["detectability"] is None:
        found = "The adversary changed no right answer: there is nothing to detect"
    else:
        found = (
            f"Detectability {exact_share(entry['detectability'])}: "
            f"{exact_share(entry['true_positives'])} of the {entry['n_adversarial']} successful "
            "adversarial pictures found"
        )
    return [
        found,
        f"{exact_share(entry['false_positives'])} of {entry['n_test']} test pictures wrongly "
        f"called adversarial; trained on {entry['n']} pictures for {entry['epochs']} epochs in "
        f"{duration(entry['seconds'])}, weights rounded to float16",
    ]
