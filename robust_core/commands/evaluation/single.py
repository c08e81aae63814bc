"""One attack that the options describe, on the test pictures of one model."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from robust_core.commands import defense_options, goal_options, options, own_model
from robust_core.commands.evaluation.measured import conditions, load_with_pictures, measure
from robust_core.commands.evaluation.text import text_of

if TYPE_CHECKING:
    from robust_core.classifier import Classifier
    from robust_core.detectors import Detector


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
    watched = args.detector and options.detector_of(args)
    left_out: list[str] = []
    model, images, labels = load_with_pictures(args.model, args.data, args, left_out.append)
    about |= own_model.about(model, images, labels) | _about(left_out)
    detector = _detector(watched, model, args)
    model = defense_options.defended(args, model)
    value = {"model": args.model, "attack": args.attack, "data": args.data, **about}
    goal = goal_options.goal_of(args, model)
    value |= measure(args, model, args.attack, args.eps, parameters, images, labels, goal, detector)
    value |= conditions(model)
    return value, text_of(value), args.out


def _about(left_out: list[str]) -> dict:
    """The files that are no pictures, also said on stderr; nothing where all are."""
    for sentence in left_out:
        tqdm.write(f"Left out: {sentence}", file=sys.stderr)
    return {"left_out": left_out} if left_out else {}


def _detector(name: str | None, model: "Classifier", args: argparse.Namespace) -> "Detector | None":
    """The detector to ask. Raises ``ValueError`` for weights that it was not made for."""
    if name is None:
        return None
    if args.weights is not None:
        raise ValueError("--detector reads the model's own weights: leave out --weights")
    from robust_core import zoo

    return zoo.load_detector(name, model.device)


def _check_attack(name: str, eps_list: list[float] | None, parameters: dict) -> None:
    """Raise ``ValueError`` for wrong values before anything is loaded."""
    from robust_core import attacks

    radii: Sequence[float | None] = eps_list or [None]
    for eps in radii:
        radius = {"eps": eps} if options.has(name, "eps") else {}
        attacks.create(name, **radius, **parameters)
