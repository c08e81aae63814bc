"""One attack that the options describe, on the test pictures of one model."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from robust_core.commands import defense_options, goal_options, options, own_model
from robust_core.commands.evaluation.measured import conditions, load_with_pictures, measure
from robust_core.commands.evaluation.text import text_of


def run(args: argparse.Namespace) -> tuple[dict, str, Path | None]:
    """The figures, their text, and the path to write them to."""
    missing = [f"--{name}" for name in ("model", "attack", "data") if getattr(args, name) is None]
    if missing:
        raise ValueError(f"evaluate needs {', '.join(missing)} (or --suite)")
    options.check_local(args.attack)
    options.check_eps(args.attack, args.eps)
    if options.needs_detector(args.attack):
        raise ValueError(
            f"{args.attack} needs a detector to fool, and evaluate attacks the model alone; use the "
            "command attack"
        )
    parameters = options.given(args) | options.seed_of(args, args.attack)
    _check_attack(args.attack, args.eps, parameters)
    about = defense_options.about(args)
    own_model.admit(args)
    model, images, labels = load_with_pictures(args.model, args.data, args)
    about |= own_model.about(model, images, labels)
    model = defense_options.defended(args, model)
    value = {"model": args.model, "attack": args.attack, "data": args.data, **about}
    goal = goal_options.goal_of(args, model)
    value |= measure(args, model, args.attack, args.eps, parameters, images, labels, goal)
    value |= conditions(model)
    return value, text_of(value), args.out


def _check_attack(name: str, eps_list: list[float] | None, parameters: dict) -> None:
    """Raise ``ValueError`` for wrong values before anything is loaded."""
    from robust_core import attacks

    radii: Sequence[float | None] = eps_list or [None]
    for eps in radii:
        radius = {"eps": eps} if options.has(name, "eps") else {}
        attacks.create(name, **radius, **parameters)
