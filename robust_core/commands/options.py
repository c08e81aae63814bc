"""Options that commands share, among them one for each hyper-parameter of the attacks."""

import argparse
import math
import os
import types
import typing
from dataclasses import Field, fields
from pathlib import Path
from typing import TYPE_CHECKING

from robust_core import files

if TYPE_CHECKING:
    from robust_core.classifier import Classifier
    from robust_core.goals import Goal

Number = int | float
LARGEST = 1e6
"""The largest eps, as ``attacks.base.LARGEST``, which would take the time to import torch."""
OTHER_OUT = "name another file with --out"


def number(text: str) -> Number:
    """``20``, ``0.01``, ``1e-3`` or a fraction such as ``8/255``, finite. The attacks check ranges."""
    try:
        if "/" in text:
            above, below = text.split("/")
            value: Number = float(above) / float(below)
        else:
            value = int(text) if text.lstrip("+-").isdecimal() else float(text)
        if math.isfinite(value):
            return value
    except (ValueError, ZeroDivisionError, OverflowError):
        pass
    raise argparse.ArgumentTypeError(
        f"must be a finite number or a fraction such as 8/255; got {text!r}"
    )


def radius(text: str) -> Number:
    """A number from 0: an eps, also of an attack that has none and only compares its distance with it."""
    value = number(text)
    if not 0 <= value <= LARGEST:
        raise argparse.ArgumentTypeError(
            f"must be a number from 0 to {LARGEST:g}, or a fraction such as 8/255; got {text!r}"
        )
    return value


def positive(text: str) -> int:
    """A whole number from 1."""
    return _whole(text, 1)


def natural(text: str) -> int:
    """A whole number from 0: a seed."""
    return _whole(text, 0)


def _whole(text: str, low: int) -> int:
    if not text.isdecimal() or not low <= int(text) < 2**31:
        raise argparse.ArgumentTypeError(
            f"must be a whole number from {low} to {2**31 - 1}; got {text!r}"
        )
    return int(text)


def add_model_and_attack(
    parser: argparse.ArgumentParser, *, required: bool = True, pair: bool = False
) -> None:
    """``--model`` and ``--attack``; ``pair``: also the attacks on a model and its detector."""
    parser.add_argument("--model", required=required, metavar="M", help="e.g. cifar10-resnet32")
    parser.add_argument(
        "--attack", required=required, metavar="A", help=", ".join(_attacks(pair=pair))
    )


NO_DETECTOR = "none"


def add_detector(parser: argparse.ArgumentParser) -> None:
    """``--detector``."""
    parser.add_argument(
        "--detector",
        metavar="NAME",
        help=f"a detector of the model, or {NO_DETECTOR} (default: the model's own, if it has one)",
    )


def detector_of(args: argparse.Namespace) -> str | None:
    """The name of the detector to ask. Raises ``ValueError`` where the model has no such detector."""
    from robust_core import zoo

    zoo.describe(args.model)  # raises for an unknown model
    allowed = [*zoo.detectors(args.model), NO_DETECTOR]
    if args.detector is None:
        return zoo.default_detector(args.model)
    if args.detector not in allowed:
        choice = f"one of {', '.join(allowed)}" if len(allowed) > 1 else NO_DETECTOR
        raise ValueError(
            f"detector of {args.model} must be {choice}"
            + ("" if len(allowed) > 1 else ", as it has no detectors")
            + f"; got {args.detector!r}"
        )
    return None if args.detector == NO_DETECTOR else args.detector


def needs_detector(attack: str) -> bool:
    """Whether an attack is one on a model and its detector."""
    from robust_core import attacks

    return attacks.get(attack).on_a_pair


LEAST_LIKELY = "least-likely"
GOALS = {
    "untargeted": (),
    "targeted": ("target",),
    LEAST_LIKELY: (),
    "source-target": ("source", "target"),
    "confidence-reduction": ("drop", "threshold"),
}
"""The goals of the command line, and the options that belong to each."""


def add_goal(parser: argparse.ArgumentParser, *, source: bool) -> None:
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
        type=number,
        metavar="P",
        help="confidence-reduction: how much confidence to take away (default: 0.2)",
    )
    parser.add_argument(
        "--threshold",
        type=number,
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
    options = {option: value for option, value in given.items() if value is not None}
    alien = [f"--{option}" for option in options if option not in GOALS[name]]
    if alien:
        raise ValueError(f"--goal {name} has no {', '.join(alien)}")
    if name == "confidence-reduction":
        if len(options) == 2:
            raise ValueError("give --drop or --threshold, not both")
        return goals.ConfidenceReduction(**options)
    missing = [f"--{option}" for option in GOALS[name] if option not in options]
    if missing:
        raise ValueError(f"--goal {name} needs {' and '.join(missing)}: a class name or an index")
    classes = {option: model.index_of(value) for option, value in options.items()}
    makers = {
        "untargeted": goals.Untargeted,
        "targeted": goals.Towards,
        LEAST_LIKELY: goals.LeastLikely,
        "source-target": goals.SourceTarget,
    }
    return makers[name](**classes)


def add_common(parser: argparse.ArgumentParser) -> None:
    """``--seed``, ``--device`` and ``--json``."""
    parser.add_argument(
        "--seed",
        type=natural,
        metavar="N",
        help="seed of the attack's random numbers, if it draws any (default: 0)",
    )
    add_device(parser)
    add_json(parser)


def add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", metavar="D", help="cpu, cuda or mps (default: the best one)")


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _attacks(*, pair: bool) -> list[str]:
    from robust_core import attacks

    return attacks.names() + (attacks.names(pair=True) if pair else [])


def add_hyper_parameters(parser: argparse.ArgumentParser, *, pair: bool = False) -> None:
    """One option for each hyper-parameter that any attack has, from the metadata of its field.

    ``pair``: also of the attacks on a model and its detector.

    Options that are not given leave no trace in the namespace: the attack's own default applies.
    """
    from robust_core import attacks

    owners: dict[str, list[tuple[str, Field]]] = {}
    for name in _attacks(pair=pair):
        for spec in fields(attacks.get(name)):
            if spec.name not in ("eps", "seed") and _kind(spec) in (bool, int, float, str):
                owners.setdefault(spec.name, []).append((name, spec))
    group = parser.add_argument_group("hyper-parameters of the attacks")
    for name, owned in owners.items():
        spec = owned[0][1]
        options: dict = {"metavar": "N", "type": number}
        if _kind(spec) is bool:
            options = {"action": argparse.BooleanOptionalAction}
        elif _kind(spec) is str:
            options = {"metavar": name.upper()}
        group.add_argument(
            "--" + name.replace("_", "-"),
            dest=name,
            default=argparse.SUPPRESS,
            help=_help(owned).replace("%", "%%"),
            **options,
        )


def _kind(spec: Field) -> type:
    """The type of a field, without None."""
    kinds = typing.get_args(spec.type) if isinstance(spec.type, types.UnionType) else (spec.type,)
    return next(kind for kind in kinds if kind is not type(None))


def _help(owned: list[tuple[str, Field]]) -> str:
    """What the field means, for which attacks, and each default; meanings may differ by attack."""
    meant: dict[str, list[str]] = {}
    for name, spec in owned:
        default = name if spec.default is None else f"{name}: {spec.default}"
        meant.setdefault(spec.metadata["help"], []).append(default)
    return " ".join(f"{text} [{', '.join(defaults)}]" for text, defaults in meant.items())


def given(args: argparse.Namespace) -> dict:
    """The hyper-parameters that were given, without ``eps``, ``seed`` and ``detector``."""
    from robust_core import attacks

    known = {spec.name for name in _attacks(pair=True) for spec in fields(attacks.get(name))}
    return {k: v for k, v in vars(args).items() if k in known - {"eps", "seed", "detector"}}


def seed_of(args: argparse.Namespace, attack: str) -> dict:
    """``--seed`` as a hyper-parameter of ``attack``: nothing where it draws no random numbers."""
    return {"seed": args.seed} if args.seed is not None and has(attack, "seed") else {}


def has(attack: str, field: str) -> bool:
    """Whether an attack has a hyper-parameter. Raises ``ValueError`` for an unknown attack."""
    from robust_core import attacks

    return field in {spec.name for spec in fields(attacks.get(attack))}


def check_eps(attack: str, eps: object) -> None:
    """Raise ``ValueError`` where an attack has an eps and none is given."""
    if eps is None and has(attack, "eps"):
        raise ValueError(f"{attack} needs --eps: a number such as 0.01 or 8/255")


def check_out(path: Path | None, suffix: str) -> None:
    """Raise ``ValueError`` unless a file can be written to ``path`` and has the suffix."""
    if path is None:
        return
    if path.suffix.lower() != suffix:
        raise ValueError(f"--out must be a {suffix} file; got {str(path)!r}")
    if not path.parent.is_dir():
        raise ValueError(f"--out: there is no folder {str(path.parent)!r}")
    if path.is_dir():
        raise ValueError(f"--out: {str(path)!r} is a folder: {OTHER_OUT}")
    if path.exists() and not os.access(path, os.W_OK):
        raise ValueError(f"--out: {str(path)!r} may not be overwritten: {OTHER_OUT}")
    files.check_writable(path.parent, OTHER_OUT)
