"""``--defense`` and ``--adaptive``: a model behind a defence, and what its attacker knows."""

import argparse
from typing import TYPE_CHECKING

from robust_core.commands import options

if TYPE_CHECKING:
    from robust_core.classifier import Classifier
    from robust_core.defenses import Defense


def add(parser: argparse.ArgumentParser) -> None:
    """``--defense`` and ``--adaptive``."""
    from robust_core import defenses

    parser.add_argument(
        "--defense",
        metavar="D",
        help=f"put the model behind a defence: {', '.join(defenses.names())}; "
        "hyper-parameters follow a colon: jpeg:quality=50,subsampling=4:4:4",
    )
    parser.add_argument(
        "--adaptive",
        action="store_true",
        help="aware attacker: follows the defence's adaptive gradient (default: unaware attacker)",
    )


def defended(args: argparse.Namespace, model: "Classifier") -> "Classifier":
    """``model`` behind the defence that was asked for, if any. Raises ``ValueError`` for a wrong one."""
    defense = defense_of(args)
    return defense(model) if defense else model


def defense_of(args: argparse.Namespace) -> "Defense | None":
    """The defence that was asked for. Raises ``ValueError`` naming what is wrong."""
    from robust_core import defenses

    if args.defense is None:
        if args.adaptive:
            raise ValueError("--adaptive needs a --defense")
        return None
    name, colon, rest = args.defense.partition(":")
    if colon and not rest:
        raise ValueError(f"--defense must have settings after its colon; got {args.defense!r}")
    values = {}
    for item in filter(None, rest.split(",")):
        field, equals, text = item.partition("=")
        field = field.strip().replace("-", "_")
        if not equals or not field:
            raise ValueError(
                f"--defense must be a name, or as in jpeg:quality=50; got {args.defense!r}"
            )
        if field in values:
            raise ValueError(f"--defense gives {field} twice: {args.defense!r}")
        values[field] = _value(text.strip())
    return defenses.create(name, **values)


def copies(args: argparse.Namespace) -> int:
    """How many copies of a picture the defence asks about at once: its votes or draws; 1 without."""
    defense = defense_of(args)
    return max((getattr(defense, name, 1) for name in ("n", "draws")), default=1)


def _value(text: str) -> bool | float | str:
    """A hyper-parameter as it is written: true or false, a number, or a word."""
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    try:
        return options.number(text)
    except argparse.ArgumentTypeError:
        return text


def about(args: argparse.Namespace) -> dict:
    """What the JSON says of the defence: ``defense`` (None without one) and ``adaptive``."""
    defense = defense_of(args)
    said = defense and {"name": defense.name, "parameters": defense.parameters}
    return {"defense": said, "adaptive": args.adaptive}
