"""``--goal`` and what belongs to it: what the attacker wants."""

import argparse
from typing import TYPE_CHECKING

from robust_core.commands import options

if TYPE_CHECKING:
    from robust_core.classifier import Classifier
    from robust_core.goals import Goal

LEAST_LIKELY = "least-likely"
GOALS = {
    "untargeted": (),
    "targeted": ("target",),
    LEAST_LIKELY: (),
    "source-target": ("source", "target"),
    "confidence-reduction": ("drop", "threshold"),
}
"""The goals of the command line, and the options that belong to each."""


def add(parser: argparse.ArgumentParser, *, source: bool) -> None:
    """``--goal`` and what belongs to it; ``source``: also for pictures of one class only."""
    names = [name for name in GOALS if source or name != "source-target"]
    parser.add_argument(
        "--goal",
        choices=names,
        help="what the attacker wants (default: untargeted, or targeted where there is a --target)",
    )
    parser.add_argument(
        "--target", metavar="CLASS", help=f"class to reach: a name, an index, or {LEAST_LIKELY}"
    )
    if source:
        parser.add_argument(
            "--source", metavar="CLASS", help="source-target: the class of the pictures attacked"
        )
    else:
        parser.set_defaults(source=None)
    parser.add_argument(
        "--drop",
        type=options.number,
        metavar="P",
        help="confidence-reduction: how much confidence to take away (default: 0.2)",
    )
    parser.add_argument(
        "--threshold",
        type=options.number,
        metavar="P",
        help="confidence-reduction: the confidence to get down to, instead of --drop",
    )


def goal_of(args: argparse.Namespace, model: "Classifier") -> "Goal":
    """The goal that was asked for. Raises ``ValueError`` naming what is missing or does not belong."""
    from robust_core import goals

    name = args.goal or ("untargeted" if args.target is None else "targeted")
    target = args.target
    if target == LEAST_LIKELY and name in ("targeted", LEAST_LIKELY):
        name = LEAST_LIKELY
        target = None
    given = {"target": target} | {n: getattr(args, n) for n in ("source", "drop", "threshold")}
    asked = {option: value for option, value in given.items() if value is not None}
    alien = [f"--{option}" for option in asked if option not in GOALS[name]]
    if alien:
        raise ValueError(f"--goal {name} has no {', '.join(alien)}")
    if name == "confidence-reduction":
        if len(asked) == 2:
            raise ValueError("give --drop or --threshold, not both")
        return goals.ConfidenceReduction(**asked)
    missing = [f"--{option}" for option in GOALS[name] if option not in asked]
    if missing:
        raise ValueError(f"--goal {name} needs {' and '.join(missing)}: a class name or an index")
    classes = {option: model.index_of(value) for option, value in asked.items()}
    makers = {
        "untargeted": goals.Untargeted,
        "targeted": goals.Towards,
        LEAST_LIKELY: goals.LeastLikely,
        "source-target": goals.SourceTarget,
    }
    return makers[name](**classes)
