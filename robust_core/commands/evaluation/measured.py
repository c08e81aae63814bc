"""A model on its test pictures, and what one attack does to them."""

import argparse
from typing import TYPE_CHECKING

from tqdm import tqdm

from robust_core.commands import output, own_model
from robust_core.commands.evaluation import work

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from robust_core.classifier import Classifier
    from robust_core.detectors import Detector
    from robust_core.goals import Goal


def load_with_pictures(
    name: str,
    data: str,
    args: argparse.Namespace,
    on_unreadable: "Callable[[str], object] | None" = None,
) -> "tuple[Classifier, Tensor, Tensor]":
    """A classifier, and the pictures and labels that it is evaluated on.

    ``on_unreadable`` gets a sentence about each file that is left out; None: the first one ends it.
    """
    from robust_core.data.datasets import load_test_set

    model = load(name, args)
    with own_model.naming(model):
        return model, *load_test_set(data, model, args.limit, on_unreadable=on_unreadable)


def load(name: str, args: argparse.Namespace) -> "Classifier":
    """A classifier with its own weights, or with those of ``--weights``."""
    from robust_core import zoo

    if args.weights is None:
        return zoo.load(name, args.device)
    return zoo.load_with(name, args.weights, args.device)


def measure(
    args: argparse.Namespace,
    model: "Classifier",
    attack: str,
    eps_list: list[float] | tuple[float, ...] | None,
    parameters: dict,
    images: "Tensor",
    labels: "Tensor",
    goal: "Goal | None" = None,
    detector: "Detector | None" = None,
) -> dict:
    """The rows of one attack, under a progress bar: see ``evaluation.accuracy.evaluate``."""
    from robust_core.devices import threads_for
    from robust_core.evaluation import accuracy

    batch = args.batch or accuracy.default_batch(images)
    threads_for(images[:batch].numel())
    total = len(labels) * accuracy.runs(attack, eps_list)
    make = work.passes(args, model, images, labels, [attack, eps_list, parameters, goal])
    with output.bar(total, attack, " pictures") as bar:
        return accuracy.evaluate(
            model,
            attack,
            images,
            labels,
            eps_list=eps_list,
            parameters=parameters,
            goal=goal,
            batch=args.batch,
            adaptive=args.adaptive,
            fresh_draws=args.fresh_draws,
            detector=detector,
            progress=bar.update,
            on_notice=lambda sentence: tqdm.write(sentence, file=bar.fp),
            make=make,
        )


def conditions(model: "Classifier") -> dict:
    """What the figures hold for: weights, device, versions."""
    return {
        "weights_sha256": model.provenance.details.get("sha256"),
        "device": str(model.device),
        "versions": output.versions(),
    }
