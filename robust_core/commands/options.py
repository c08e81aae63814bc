"""Options that commands share, among them one for each hyper-parameter of the attacks."""

import argparse
import math
import os
import types
import typing
from collections.abc import Collection
from dataclasses import Field, fields
from pathlib import Path

from robust_core import files

Number = int | float
Options = argparse.ArgumentParser | argparse._ArgumentGroup
LARGEST = 1e6
"""The largest eps, as ``attacks.base.LARGEST``, which would take the time to import torch."""
MODEL = "a name from models (cifar10-resnet32), or a file of your own: model.onnx"
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
    parser.add_argument("--model", required=required, metavar="M", help=MODEL)
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


def add_folder(parser: Options, flag: str, help: str) -> None:
    """An option that takes a folder."""
    parser.add_argument(flag, type=Path, metavar="DIR", help=help)


def add_count(parser: Options, flag: str, help: str) -> None:
    """An option that takes a whole number from 1."""
    parser.add_argument(flag, type=positive, metavar="N", help=help)


def add_part(parser: Options, help: str) -> None:
    """``--part``: some parts of a table."""
    parser.add_argument("--part", nargs="+", action="extend", metavar="NAME", help=help)


def parts_of(given: Collection[str] | None, known: Collection[str]) -> list[str]:
    """The parts to make, in the order of the ``known`` ones. Raises ``ValueError`` for an unknown one."""
    unknown = [name for name in given or () if name not in known]
    if unknown:
        raise ValueError(f"--part must be some of {', '.join(known)}; got {', '.join(unknown)}")
    return [name for name in known if given is None or name in given]


def add_device(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", metavar="D", help="cpu, cuda or mps (default: the best one)")


def add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def _attacks(*, pair: bool) -> list[str]:
    from robust_core import attacks

    return attacks.local_names() + (attacks.names(pair=True) if pair else [])


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


def check_local(attack: str) -> None:
    """Raise ``ValueError`` for an attack that makes one change for many pictures."""
    from robust_core import attacks

    if attacks.get(attack).scope != "local":
        raise ValueError(
            f"{attack} makes one change for many pictures, and these commands one for each: attack must be "
            f"one of {', '.join(_attacks(pair=True))}. See evaluate --suite universal, or "
            f"attacks.create({attack!r}).fit"
        )


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
