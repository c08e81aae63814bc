"""``python -m robust_core train``: make a bundled model from its data."""

import argparse
from pathlib import Path

from robust_core import files, processes
from robust_core.commands import options, output
from robust_core.commands.training import (
    calibration,
    classifier,
    classifier_queue,
    detector,
    natural,
    poster,
    reconstruction,
    safetynet,
    squeezing,
    universal,
)
from robust_core.commands.training.measured import Method
from robust_core.commands.training.request import Request, given
from robust_core.paths import WEIGHTS
from robust_core.registry import Registry

MEASURED: Registry[Method] = Registry(
    "recipe", [squeezing.METHOD, safetynet.METHOD, reconstruction.METHOD]
)
"""Detectors that are calibrated and measured against several attacks, with no epochs to choose."""

LIST = "list"
"""Prints the recipes of classifiers, which are not in ``--help``: listing them takes slow imports."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of ``train``."""
    parser.add_argument(
        "recipe",
        nargs="?",
        metavar="RECIPE",
        help=f"a classifier ({LIST} shows them), {detector.RECIPE}, {', '.join(MEASURED.names())}, "
        f"{calibration.RECIPE}; or none, with --all-missing",
    )
    options.add_folder(parser, "--data", "where the training data is")
    options.add_count(parser, "--epochs", "default: the recipe's")
    parser.add_argument("--seed", type=options.natural, metavar="N", help="default: 0")
    options.add_folder(parser, "--folder", "for checkpoint and result (runs/RECIPE)")
    parser.add_argument(
        "--paper-schedule", action="store_true", help="the 100 epochs of Metzen et al. (2017)"
    )
    parser.add_argument(
        "--install", action="store_true", help="add the weights to the bundled ones"
    )
    parser.add_argument(
        "--curve-only",
        action="store_true",
        help="for a bundled classifier: add only the learning curve, from a second run of its recipe",
    )
    detector.configure(parser)
    options.add_device(parser)
    options.add_json(parser)


def run(args: argparse.Namespace) -> None:
    """List the classifiers, or train what was asked for."""
    if args.recipe == LIST:
        _list(args.json)
    else:
        _check_folders(args)
        _train(args)


def _train(args: argparse.Namespace) -> None:
    """A detector, a classifier, or all classifiers that are missing."""
    alone = (calibration.RECIPE, *universal.names(), *natural.NAMES, *poster.names())
    if processes.launched() and args.recipe in alone:
        raise ValueError(f"{args.recipe} is trained by one process, without torchrun")
    if args.recipe == detector.RECIPE:
        detector.run(args)
    elif args.recipe in MEASURED:
        MEASURED.get(args.recipe).run(args)
    elif args.recipe == calibration.RECIPE:
        calibration.run(args)
    elif args.recipe in universal.names():
        universal.run(args)
    elif args.recipe in natural.NAMES:
        natural.run(args)
    elif args.recipe in poster.names():
        poster.run(args)
    elif args.recipe is None:
        _check_queue(args)
        classifier_queue.train_missing(Request.of(args))
    else:
        _check_classifier(args)
        wanted = classifier.ClassifierOptions(args.recipe, args.paper_schedule, args.epochs)
        classifier.train(wanted, Request.of(args), curve_only=args.curve_only)


def _list(as_json: bool) -> None:
    from robust_core.training.recipes import ABOUT

    width = max(map(len, ABOUT))
    lines = [f"{name:{width}}  {what}" for name, what in ABOUT.items()]
    output.emit(ABOUT, as_json, "\n".join(lines))


def _check_folders(args: argparse.Namespace) -> None:
    """Raise ``ValueError``, before the long work, where its result could not be kept."""
    if args.recipe != calibration.RECIPE:
        files.check_writable(args.folder or Path("runs"), "choose another folder with --folder")
    if args.recipe == detector.RECIPE or args.recipe in MEASURED:
        files.check_writable(args.cache or Path("runs"), "choose another folder with --cache")
    if args.install or args.all_missing or args.curve_only:
        files.check_writable(WEIGHTS, "--install, --curve-only and --all-missing write there")


def _check_queue(args: argparse.Namespace) -> None:
    """Raise ``ValueError`` where a recipe is missing, or where the queue has no such option."""
    from robust_core.training.recipes import RECIPES

    if not args.all_missing:
        known = ", ".join(RECIPES.names())
        raise ValueError(f"RECIPE is missing: give one of {known}, or --all-missing")
    own = [name for name in detector.OPTIONS if name != "all_missing"]
    alien = given(args, ["epochs", "paper_schedule", "curve_only", "folder", "seed", *own])
    if alien:
        raise ValueError(f"--all-missing without a RECIPE takes no {', '.join(alien)}")


def _check_classifier(args: argparse.Namespace) -> None:
    """Raise ``ValueError`` for an unknown recipe, or where it has no such option."""
    from robust_core.training.recipes import RECIPES

    if args.recipe not in RECIPES:
        known = ", ".join(
            [*RECIPES.names(), detector.RECIPE, *MEASURED.names(), calibration.RECIPE]
        )
        raise ValueError(f"recipe must be one of {known}; got {args.recipe!r}")
    alien = given(args, detector.OPTIONS)
    if alien:
        raise ValueError(f"{args.recipe} has no {', '.join(alien)}; only detectors have")
    if args.curve_only and args.install:
        raise ValueError("--curve-only leaves the bundled weights as they are: without --install")
