"""``python -m robust_core train detector``: an adversary detector for one attack."""

import argparse
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from robust_core.commands import options, output

if TYPE_CHECKING:
    from robust_core.attacks import Attack
    from robust_core.classifier import Classifier
    from robust_core.training.recipes import DetectorRecipe

RECIPE = "detector"
MODEL, POINT = "cifar10-resnet32", "AD(2)"
OPTIONS = ("model", "point", "adversary", "eps", "steps", "step_size", "limit", "cache")
"""What belongs to this recipe alone; None where it was not given."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of the recipe ``detector``."""
    group = parser.add_argument_group("detector")
    group.add_argument("--model", metavar="M", help=f"the classifier (default: {MODEL})")
    group.add_argument("--point", metavar="P", help=f"attachment point (default: {POINT})")
    group.add_argument("--adversary", metavar="A", help="the attack to detect, e.g. bim")
    group.add_argument("--eps", type=options.number, metavar="E", help="of the attack")
    group.add_argument("--steps", type=options.number, metavar="N", help="of the attack")
    group.add_argument("--step-size", type=options.number, metavar="S", help="of the attack")
    group.add_argument(
        "--limit",
        type=options.positive,
        metavar="N",
        help="take the first N training pictures, and the first N test pictures (default: all)",
    )
    group.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        help="for adversarial pictures and activations (default: runs/cache)",
    )


def refuse_options(args: argparse.Namespace) -> None:
    """Raise ``ValueError`` where another recipe was given what belongs to this one."""
    alien = [_flag(name) for name in OPTIONS if getattr(args, name) is not None]
    if alien:
        raise ValueError(f"{args.recipe} has no {', '.join(alien)}; only detector has")


def run(args: argparse.Namespace) -> None:
    """Craft, train, measure; goes on where an earlier call was interrupted."""
    if args.paper_schedule:
        raise ValueError("detector has no --paper-schedule: it is trained as in the paper anyway")
    adversary = adversary_of(args)
    from robust_core import zoo
    from robust_core.data import cifar10
    from robust_core.training import detector as training
    from robust_core.training import export

    fitting = [name for name in zoo.names() if zoo.family(name) == "cifar10"]
    if (args.model or MODEL) not in fitting:
        raise ValueError(f"--model must be one of {', '.join(fitting)}; got {args.model!r}")
    classifier = zoo.load(args.model or MODEL, args.device)
    recipe = recipe_of(args, classifier, asdict(adversary))
    folder = args.folder or Path("runs", training.name(recipe))
    cache = args.cache or Path("runs", "cache")
    images = cifar10.load("train", args.data)[0]
    try:
        trainer = training.train_detector(
            *(classifier, adversary, recipe, images), folder=folder, cache=cache, seed=args.seed
        )
        entry = training.export_detector(
            *(trainer, adversary, cifar10.load("test", args.data)),
            folder=folder,
            cache=cache,
            command=command(args),
            data="CIFAR-10",
        )
    except KeyboardInterrupt:
        raise output.Stopped(
            "Stopped. Whole epochs and what was crafted are kept: run the same command to go on."
        ) from None
    name = training.name(recipe)
    installed = export.install(folder, name) if args.install else None
    paths = {"weights": str(folder / entry["file"]), "installed": installed and str(installed)}
    output.emit({"name": name, **entry, **paths}, args.json, _text(entry, paths))


def adversary_of(args: argparse.Namespace) -> "Attack":
    """The attack to detect. Raises ``ValueError`` naming what is missing or does not belong to it."""
    from robust_core import attacks

    if args.adversary is None:
        raise ValueError("detector needs --adversary: the attack to detect, e.g. bim")
    options.check_eps(args.adversary, args.eps)
    given = {name: getattr(args, name) for name in ("eps", "steps", "step_size")}
    given = {name: value for name, value in given.items() if value is not None}
    return attacks.create(args.adversary, **given, **options.seed_of(args, args.adversary))


def recipe_of(
    args: argparse.Namespace, classifier: "Classifier", parameters: dict
) -> "DetectorRecipe":
    """The recipe that the options stand for; ``parameters`` are all of the adversary's."""
    from robust_core.training.adversaries import fingerprint
    from robust_core.training.recipes import DetectorRecipe

    return DetectorRecipe(
        model=classifier.name,
        fingerprint=fingerprint(classifier),
        point=args.point or POINT,
        adversary=args.adversary,
        parameters=parameters,
        limit=args.limit,
        **({"epochs": args.epochs} if args.epochs else {}),
    )


def command(args: argparse.Namespace) -> str:
    """The command line that makes the same weights."""
    words = ["python", "-m", "robust_core", "train", RECIPE]
    for name in ("model", "point", "adversary", "eps", "steps", "step_size", "limit", "epochs"):
        if getattr(args, name) is not None:
            words += [_flag(name), str(getattr(args, name))]
    words += ["--seed", str(args.seed)] if args.seed else []
    return shlex.join(words)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _text(entry: dict, paths: dict) -> str:
    known = entry["detectability"] is not None
    lines = [
        f"Detectability {output.share(entry['detectability'])}: "
        f"{output.share(entry['true_positives'])} of the {entry['n_adversarial']} successful "
        "adversarial pictures found"
        if known
        else "The adversary changed no right answer: there is nothing to detect",
        f"{output.share(entry['false_positives'])} of {entry['n_test']} test pictures wrongly "
        f"called adversarial; trained on {entry['n']} pictures for {entry['epochs']} epochs in "
        f"{output.duration(entry['seconds'])}, weights rounded to float16",
        f"Written: {paths['weights']} (SHA-256 {entry['sha256'][:16]}...)",
    ]
    return "\n".join(lines + ([f"Installed: {paths['installed']}"] if paths["installed"] else []))
