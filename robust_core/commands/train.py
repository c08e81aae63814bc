"""``python -m robust_core train``: make a bundled model from its data."""

import argparse
import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from robust_core import files
from robust_core.commands import options, output
from robust_core.commands.training import (
    classifier_queue,
    detector,
    detector_data,
    reconstruction,
    safetynet,
    squeezing,
)
from robust_core.paths import WEIGHTS
from robust_core.words.numbers import duration, exact_share

if TYPE_CHECKING:
    from robust_core.training.recipes import Recipe

WITHOUT_SCHEDULE = {module.RECIPE: module for module in (reconstruction, safetynet, squeezing)}
"""Detectors that are calibrated and measured against several attacks, with no epochs to choose."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of ``train``."""
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    from robust_core.training import recipes

    width = max(map(len, recipes.RECIPES.names()))
    lines = (f"  {name:{width}}  {what}" for name, what in recipes.ABOUT.items())
    parser.epilog = "\n".join(
        ["recipes (and detector, reconstruction, safetynet, squeezing):", *lines]
    )
    parser.add_argument(
        "recipe",
        nargs="?",
        metavar="RECIPE",
        help="one of those below, detector, reconstruction, safetynet or squeezing; or none, with "
        "--all-missing",
    )
    parser.add_argument("--data", type=Path, metavar="DIR", help="where the training data is")
    parser.add_argument("--epochs", type=options.positive, metavar="N", help="not the recipe's own")
    parser.add_argument("--seed", type=options.natural, default=0, metavar="N", help="default: 0")
    parser.add_argument(
        "--folder", type=Path, metavar="DIR", help="for checkpoint and result (runs/RECIPE)"
    )
    parser.add_argument(
        "--paper-schedule", action="store_true", help="the 100 epochs of Metzen et al. (2017)"
    )
    parser.add_argument(
        "--install", action="store_true", help="put the weights among the bundled ones"
    )
    detector.configure(parser)
    options.add_device(parser)
    options.add_json(parser)


def run(args: argparse.Namespace) -> None:
    """Train, going on from a checkpoint where there is one, then write the rounded weights."""
    _check_folders(args)
    if args.recipe is None:
        classifier_queue.run(args, run)
        return
    if args.recipe == detector.RECIPE:
        detector.run(args)
        return
    if args.recipe in WITHOUT_SCHEDULE:
        module = WITHOUT_SCHEDULE[args.recipe]
        detector_data.refuse(args, detector.OPTIONS, getattr(module, "OWN", detector_data.OWN))
        module.run(args)
        return
    detector.refuse_options(args)
    recipe = find_recipe(args.recipe, args.paper_schedule, args.epochs)
    from robust_core import data, zoo
    from robust_core.devices import as_device
    from robust_core.training import export, train

    folder = folder_of(args)
    device = as_device(args.device)
    record = data.get(recipe.data)
    pictures, test = (record.stored(split, args.data) for split in ("train", "test"))
    model = zoo.untrained(recipe.model, args.seed)
    if recipe.start:
        model.load_state_dict(zoo.load(recipe.start, "cpu").state_dict())
    try:
        trainer = train(model, recipe, pictures, folder=folder, seed=args.seed, device=device)
    except KeyboardInterrupt:
        raise output.Stopped(_where(folder, recipe, args.seed)) from None
    entry = export.export(trainer, test, folder, command(args))
    written = folder / entry["file"]
    installed = export.install(folder, recipe.model) if args.install else None
    paths = {"weights": str(written), "installed": installed and str(installed)}
    output.emit({"model": recipe.model, **entry, **paths}, args.json, _text(entry, paths))


def _check_folders(args: argparse.Namespace) -> None:
    """Raise ``ValueError``, before the long work, where its result could not be kept."""
    files.check_writable(args.folder or Path("runs"), "choose another folder with --folder")
    if args.recipe == detector.RECIPE or args.recipe in WITHOUT_SCHEDULE:
        files.check_writable(args.cache or Path("runs"), "choose another folder with --cache")
    if args.install or args.all_missing:
        files.check_writable(WEIGHTS, "--install and --all-missing write the weights there")


def folder_of(args: argparse.Namespace) -> Path:
    """Where checkpoint and result go: each schedule of a model has a folder of its own."""
    return args.folder or Path("runs", args.recipe + ("-paper" if args.paper_schedule else ""))


def find_recipe(name: str, paper: bool = False, epochs: int | None = None) -> "Recipe":
    """A recipe, its paper schedule, or either with another number of epochs.

    Raises ``ValueError`` naming what there is.
    """
    from robust_core.training import recipes

    if name not in recipes.RECIPES:
        known = ", ".join([*recipes.RECIPES.names(), detector.RECIPE, *WITHOUT_SCHEDULE])
        raise ValueError(f"recipe must be one of {known}; got {name!r}")
    if paper and name not in recipes.PAPER_SCHEDULES:
        raise ValueError(
            f"{name} has no paper schedule; there is one of {', '.join(recipes.PAPER_SCHEDULES)}"
        )
    recipe = recipes.PAPER_SCHEDULES[name] if paper else recipes.RECIPES.get(name)
    return replace(recipe, epochs=epochs) if epochs else recipe


def command(args: argparse.Namespace) -> str:
    """The command line that makes the same weights."""
    words = ["python", "-m", "robust_core", "train", args.recipe]
    words += ["--paper-schedule"] if args.paper_schedule else []
    words += ["--epochs", str(args.epochs)] if args.epochs else []
    words += ["--seed", str(args.seed)] if args.seed else []
    return shlex.join(words)


def _where(folder: Path, recipe: "Recipe", seed: int) -> str:
    from robust_core.training.run import TEACHER, lesson

    done = _epochs(folder, recipe, seed)
    if done:
        return f"Stopped after epoch {done} of {recipe.epochs}. Run the same command to go on."
    done = _epochs(folder / TEACHER, lesson(recipe), seed)
    if done:
        of = f"{recipe.epochs} of the teacher"
        return f"Stopped after epoch {done} of {of}. Run the same command to go on."
    return "Stopped before the end of the first epoch: nothing was kept."


def _epochs(folder: Path, recipe: "Recipe", seed: int) -> int:
    """How many epochs the checkpoint in ``folder`` has behind it."""
    from robust_core.training.checkpoint import load_checkpoint

    path = folder / "checkpoint.pt"
    return load_checkpoint(path, recipe, seed)["epoch"] if path.exists() else 0


def _text(entry: dict, paths: dict) -> str:
    lines = [
        f"{entry['correct']} of {entry['n_test']} test pictures right "
        f"({exact_share(entry['accuracy'])}) after {entry['epochs']} epochs in "
        f"{duration(entry['seconds'])}, weights rounded to float16",
        f"Written: {paths['weights']} (SHA-256 {entry['sha256'][:16]}...)",
    ]
    return "\n".join(lines + ([f"Installed: {paths['installed']}"] if paths["installed"] else []))
