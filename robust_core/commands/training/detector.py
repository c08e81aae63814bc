"""``python -m robust_core train detector``: an adversary detector for one attack."""

import argparse
import shlex
import sys
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from robust_core.commands import options, output
from robust_core.commands.training import detector_data, detector_queue
from robust_core.words.numbers import duration, exact_share

if TYPE_CHECKING:
    from robust_core.attacks import Attack
    from robust_core.classifier import Classifier
    from robust_core.training.recipes import DetectorRecipe

RECIPE = "detector"
MODEL, POINT = "cifar10-resnet32", "AD(2)"
TEST_LIMIT = detector_data.PICTURES
DYNAMIC, SEVERAL = "dynamic", "several"
OPTIONS = (
    *("model", "point", "adversary", "eps", "steps", "step_size", "limit", "test_limit", "start"),
    *("cache", "all_missing"),
)
"""What belongs to detectors alone; None where it was not given."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the recipe ``detector``."""
    group = parser.add_argument_group("detector")
    group.add_argument("--model", metavar="M", help=f"the classifier (default: {MODEL})")
    group.add_argument("--point", metavar="P", help=f"attachment point (default: {POINT})")
    group.add_argument(
        "--adversary",
        metavar="A",
        help=f"the attack to detect, e.g. bim; {DYNAMIC}: made anew each step; {SEVERAL}: "
        f"{len(detector_queue.SEVERAL)} attacks in turn",
    )
    group.add_argument("--eps", type=options.number, metavar="E", help="of the attack")
    group.add_argument("--steps", type=options.number, metavar="N", help="of the attack")
    group.add_argument("--step-size", type=options.number, metavar="S", help="of the attack")
    group.add_argument(
        "--limit",
        type=options.positive,
        metavar="N",
        help="the first N training pictures (default: all)",
    )
    group.add_argument(
        "--test-limit",
        type=options.positive,
        metavar="N",
        help=f"measure on the first N test pictures (default: {TEST_LIMIT})",
    )
    group.add_argument("--start", metavar="D", help="begin with the weights of a bundled detector")
    group.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        help="for adversarial pictures and activations (default: runs/cache)",
    )
    group.add_argument(
        "--all-missing",
        action="store_true",
        default=None,
        help="train and install all bundled detectors that are missing, one after another; "
        "without RECIPE: all classifiers",
    )


def refuse_options(args: argparse.Namespace) -> None:
    """Raise ``ValueError`` where another recipe was given what belongs to this one."""
    alien = [_flag(name) for name in OPTIONS if getattr(args, name) is not None]
    if alien:
        raise ValueError(f"{args.recipe} has no {', '.join(alien)}; only detectors have")


def run(args: argparse.Namespace) -> None:
    """Craft, train, measure; goes on where an earlier call was interrupted."""
    if args.paper_schedule:
        raise ValueError("detector has no --paper-schedule: it is trained as in the paper anyway")
    if args.all_missing:
        _all_missing(args)
        return
    adversary = adversary_of(args)
    check_point(args.point or POINT)
    from robust_core import zoo
    from robust_core.training import export
    from robust_core.training.detectors import static as training

    detector_data.record_of(args.model or MODEL, points=True)
    recipe = recipe_of(args, zoo.load(args.model or MODEL, args.device), adversary)
    name = training.name(recipe)
    folder = args.folder or Path("runs", name)
    try:
        entry = _train(args, adversary, recipe, folder)
    except KeyboardInterrupt:
        raise output.Stopped(
            "Stopped. Whole epochs and what was crafted are kept: run the same command to go on."
        ) from None
    installed = export.install(folder, name) if args.install else None
    paths = {"weights": str(folder / entry["file"]), "installed": installed and str(installed)}
    output.emit({"name": name, **entry, **paths}, args.json, _text(entry, paths))


def _train(
    args: argparse.Namespace,
    adversary: "Attack | dict[str, Attack]",
    recipe: "DetectorRecipe",
    folder: Path,
) -> dict:
    """Train and export; returns the entry of the index."""
    from robust_core import zoo
    from robust_core.attacks.pair.mixed import mixed
    from robust_core.training.detectors.crafted import craft
    from robust_core.training.detectors.dynamic import train_dynamic
    from robust_core.training.detectors.export import export_detector
    from robust_core.training.detectors.several import craft_in_turn
    from robust_core.training.detectors.static import train_detector

    classifier = zoo.load(recipe.model, args.device)
    cache = args.cache or Path("runs", "cache")
    record = detector_data.record_of(recipe.model, points=True)
    images = record.stored("train", args.data)[0]
    test, aside = detector_data.halves(
        record.stored("test", args.data), args.test_limit or TEST_LIMIT, detector_data.PICTURES
    )
    crafting = craft_in_turn if recipe.adversary == SEVERAL else craft
    if recipe.adversary == DYNAMIC:
        start = zoo.load_detector(recipe.start, args.device).subnetwork if recipe.start else None
        size = {"eps": adversary.eps, "steps": adversary.steps, "step_size": adversary.size}
        partner = partial(mixed, **size)
        trainer = train_dynamic(
            *(classifier, partner, recipe, images),
            start=start and start.state_dict(),
            folder=folder,
            seed=args.seed,
        )
    else:
        trainer = train_detector(
            *(classifier, adversary, recipe, images),
            folder=folder,
            cache=cache,
            seed=args.seed,
            crafting=crafting,
        )
    against = recipe  # but the dynamic adversary is measured in its static form
    if recipe.adversary == DYNAMIC:
        against = replace(recipe, adversary=adversary.name, parameters=asdict(adversary))
    return export_detector(
        *(trainer, adversary, against, test, aside),
        folder=folder,
        cache=cache,
        command=command(args),
        data=record.full_title,
        crafting=crafting,
    )


def _all_missing(args: argparse.Namespace) -> None:
    """Train and install each bundled detector that the index lacks, by the command that makes it."""
    from robust_core import zoo
    from robust_core.commands.parser import build_parser
    from robust_core.training.detectors.static import name

    given = [_flag(key) for key in OPTIONS if key not in ("cache", "all_missing")]
    if any(getattr(args, key[2:].replace("-", "_")) is not None for key in given) or args.epochs:
        raise ValueError(f"--all-missing takes none of {', '.join(given)}, --epochs")
    trained = 0
    for line in detector_queue.COMMANDS:
        one = build_parser("train").parse_args(["train", RECIPE, *shlex.split(line), "--install"])
        one.data, one.cache, one.device, one.json = args.data, args.cache, args.device, args.json
        recipe = recipe_of(one, zoo.load(one.model or MODEL, one.device), adversary_of(one))
        if name(recipe) not in zoo.index():
            trained += 1
            run(one)
    if not trained:
        told = f"Nothing is missing: all {len(detector_queue.COMMANDS)} are installed."
        print(told, file=sys.stderr)


def check_point(point: str) -> None:
    """Raise ``ValueError`` for an attachment point that there is not, before any data is asked for."""
    from robust_core.models.detector import ATTACHMENTS

    if point not in ATTACHMENTS:
        raise ValueError(f"--point must be one of {', '.join(ATTACHMENTS)}; got {point!r}")


def adversary_of(args: argparse.Namespace) -> "Attack | dict[str, Attack]":
    """The attack to detect; of several, those that take turns, by name, in their order.

    Raises ``ValueError`` naming what is missing or does not belong to it.
    """
    from robust_core import attacks

    if args.adversary is None:
        raise ValueError("detector needs --adversary: the attack to detect, e.g. bim")
    if args.start is not None and args.adversary != DYNAMIC:
        raise ValueError(f"--start belongs to --adversary {DYNAMIC}; others begin at random")
    if args.adversary == SEVERAL:
        return _several(args)
    name = (
        "bim" if args.adversary == DYNAMIC else args.adversary
    )  # sigma 0, against which it is measured
    options.check_eps(name, args.eps)
    given = {name: getattr(args, name) for name in ("eps", "steps", "step_size")}
    given = {name: value for name, value in given.items() if value is not None}
    return attacks.create(name, **given, **options.seed_of(args, name))


def _several(args: argparse.Namespace) -> "dict[str, Attack]":
    """Each of the queue's, from its own options."""
    from robust_core.commands.parser import build_parser

    given = [_flag(n) for n in ("eps", "steps", "step_size") if getattr(args, n) is not None]
    if given:
        raise ValueError(
            f"--adversary {SEVERAL} takes none of {', '.join(given)}: each of its attacks has its own"
        )
    parser = build_parser("train")
    lines = [["train", RECIPE, "--adversary", *shlex.split(o)] for o in detector_queue.SEVERAL]
    made = [adversary_of(parser.parse_args(line)) for line in lines]
    return {attack.name: attack for attack in made}


def recipe_of(
    args: argparse.Namespace, classifier: "Classifier", adversary: "Attack | dict[str, Attack]"
) -> "DetectorRecipe":
    """The recipe that the options stand for, with all parameters of the adversary."""
    from robust_core.training.recipes import DetectorRecipe
    from robust_core.zoo.weights import fingerprint

    return DetectorRecipe(
        model=classifier.name,
        fingerprint=fingerprint(classifier),
        point=args.point or POINT,
        adversary=args.adversary,
        parameters=asdict(adversary)
        if args.adversary != SEVERAL
        else {name: asdict(attack) for name, attack in adversary.items()},
        limit=args.limit,
        start=args.start,
        **({"epochs": args.epochs} if args.epochs else {}),
    )


def command(args: argparse.Namespace) -> str:
    """The command line that makes the same weights."""
    words = ["python", "-m", "robust_core", "train", RECIPE]
    kept = [name for name in OPTIONS if name not in ("cache", "all_missing")]
    for name in (*kept, "epochs"):
        value = getattr(args, name)
        if value is not None:
            words += [_flag(name), _written(value)]
    words += ["--seed", str(args.seed)] if args.seed else []
    return shlex.join(words)


def _written(value: float | str) -> str:
    """A value as one would type it: 2/255 rather than 0.00784313725490196."""
    if isinstance(value, float) and round(255 * value) / 255 == value:
        return f"{round(255 * value)}/255"
    return str(value)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _text(entry: dict, paths: dict) -> str:
    known = entry["detectability"] is not None
    lines = [
        f"Detectability {exact_share(entry['detectability'])}: "
        f"{exact_share(entry['true_positives'])} of the {entry['n_adversarial']} successful "
        "adversarial pictures found"
        if known
        else "The adversary changed no right answer: there is nothing to detect",
        f"{exact_share(entry['false_positives'])} of {entry['n_test']} test pictures wrongly "
        f"called adversarial; trained on {entry['n']} pictures for {entry['epochs']} epochs in "
        f"{duration(entry['seconds'])}, weights rounded to float16",
        f"Written: {paths['weights']} (SHA-256 {entry['sha256'][:16]}...)",
    ]
    return "\n".join(lines + ([f"Installed: {paths['installed']}"] if paths["installed"] else []))
