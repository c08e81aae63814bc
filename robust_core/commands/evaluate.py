"""``python -m robust_core evaluate``: accuracy under attack on a test set, or a whole suite."""

import argparse
from pathlib import Path
from types import ModuleType

from robust_core import files, processes
from robust_core.commands import defense_options, goal_options, options, output, own_model
from robust_core.commands.defense_table import make
from robust_core.commands.evaluation import (
    deck_002,
    natural,
    physical,
    single,
    suite,
    transfer,
    universal,
    verification,
    work,
)

UNIVERSAL = "universal"
TRANSFER = "transfer"
"""As in ``evaluation.suites``, which would take the time to import torch."""


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of ``evaluate``."""
    from robust_core import data

    options.add_model_and_attack(parser, required=False)
    parser.add_argument(
        "--eps",
        type=options.radius,
        nargs="+",
        action="extend",
        metavar="E",
        help="radii in the attack's norm, pixels in [0, 1]: 0.01 8/255",
    )
    parser.add_argument(
        "--weights",
        type=Path,
        metavar="FILE",
        help="safetensors instead of torchvision's own weights, for an imagenet model",
    )
    known = ", ".join(data.names())
    parser.add_argument(
        "--data",
        metavar="D",
        help=f"{known}, a folder with one sub-folder per class, or a ZIP file of such a folder",
    )
    parser.add_argument(
        "--suite",
        metavar="NAME",
        help="a named suite, which fixes all of these; list shows the names (deck-002 takes --model, "
        "--weights and --data)",
    )
    options.add_count(parser, "--limit", "the first N pictures only")
    options.add_count(parser, "--batch", "pictures at a time (default: by size)")
    options.add_count(
        parser,
        "--fresh-draws",
        "draws that judge a random model, none of them the attacker's (default: 10; 5 where it votes)",
    )
    parser.add_argument(
        "--detector",
        metavar="NAME",
        help=f"a detector of the model that is asked about all pictures, or {options.NO_DETECTOR} "
        "(the default)",
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="JSON",
        help="write the JSON here too (a whole suite: assets/results/NAME.json)",
    )
    goal_options.add(parser, source=True)
    defense_options.add(parser)
    own_model.add(parser)
    make.configure(parser)
    work.configure(parser)
    parser.epilog = (
        "success_rate is flipped / initially correct: the share that reached the goal, among the "
        "pictures that the model got right and that the goal applies to. source-target applies to "
        "pictures of the source class, targeted to those of every class but the target; all others "
        "count in top-1 and top-5 only."
    )
    options.add_common(parser)
    options.add_hyper_parameters(parser)


def run(args: argparse.Namespace) -> None:
    """Evaluate, print, and write where asked; with torch's launcher, by many processes."""
    with work.opened(args):
        _run(args)


def _run(args: argparse.Namespace) -> None:
    from robust_core.evaluation.suites import NATURAL, PHYSICAL, VERIFICATION
    from robust_core.paths import RESULTS

    options.check_out(args.out, ".json")
    if args.suite == "list":
        return suite.show_list(args.json)
    if args.suite is not None and args.limit is None and args.out is None:
        files.check_writable(RESULTS, options.OTHER_OUT)
    if args.suite in _tables():
        suite.check_alone(args, ("seed", "batch"))
        return make.run(args)
    if args.suite == UNIVERSAL:
        return universal.run(args)
    if args.suite == PHYSICAL:
        return physical.run(args)
    if args.suite == NATURAL:
        return natural.run(args)
    if args.suite == TRANSFER:
        return transfer.run(args)
    if args.suite == VERIFICATION:
        return verification.run(args)
    if args.part or args.overwrite:
        known = ", ".join([*_tables(), UNIVERSAL, PHYSICAL, NATURAL, TRANSFER, VERIFICATION])
        raise ValueError(f"--part and --overwrite are for --suite {known} only")
    value, text, out = _runner(args.suite).run(args)
    trouble = None
    if out is not None and processes.is_main():
        trouble = output.trouble_with(lambda: files.write_json(out, value))
        text += "" if trouble else f"\nWritten: {out}"
    return output.emit(value, args.json, text, trouble)


def _runner(name: str | None) -> ModuleType:
    """The module that evaluates a suite, or what the options describe."""
    from robust_core.evaluation.deck_002.protocol import NAME

    if name == NAME:
        return deck_002
    return single if name is None else suite


def _tables() -> list[str]:
    """The suites that are tables of several models, by part."""
    from robust_core.evaluation.defense_table.plan import PLANS

    return list(PLANS)
