"""Pictures and adversaries for detectors that are calibrated and measured against several attacks."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from robust_core.commands import output
from robust_core.words.numbers import exact_share, number

if TYPE_CHECKING:
    from torch import Tensor

    from robust_core.data import DataSet
    from robust_core.training.detectors.opponents import Opponent
    from robust_core.training.run import Split

PICTURES = 2000
"""At most so many clean pictures for the threshold, and so many to measure on."""
OWN = ("model", "limit", "test_limit", "cache")


def refuse(args: argparse.Namespace, options: tuple[str, ...], own: tuple[str, ...] = OWN) -> None:
    """Raise ``ValueError`` where such a recipe was given one of ``options`` that is not its own."""
    alien = [o for o in (*options, "epochs", "paper_schedule") if o not in own]
    given = ["--" + o.replace("_", "-") for o in alien if getattr(args, o) not in (None, False)]
    given += ["--seed"] if args.seed and "seed" not in own else []
    if given:
        taken = ", ".join("--" + o.replace("_", "-") for o in own)
        raise ValueError(f"{args.recipe} has no {', '.join(given)}; it takes {taken}")


def opponents(record: "DataSet") -> dict[str, "Opponent"]:
    """FGSM, BIM and DeepFool with their parameters for the pictures of a data set, by name."""
    from dataclasses import asdict

    from robust_core import attacks
    from robust_core.training.detectors.opponents import Opponent

    eps = record.detector_eps
    made = (
        attacks.create("fgsm", eps=eps["fgsm"]),
        attacks.create("bim", eps=eps["bim"], steps=10, step_size=eps["bim"] / 2),
        attacks.create("deepfool"),
    )
    return {attack.name: Opponent(attack.name, attack, asdict(attack)) for attack in made}


def record_of(model: str, *, points: bool = False) -> "DataSet":
    """The data set that a classifier was trained on; ``points``: only for one that a detector can read.

    Raises ``ValueError`` naming the classifiers that fit.
    """
    from robust_core import data, zoo

    names = [name for name in zoo.names() if zoo.describe(name).data]
    if points:  # inside the network, as the ResNet-32 lets them
        names = [n for n in names if hasattr(zoo.untrained(n).network, "attachment_points")]
    if model not in names:
        raise ValueError(f"--model must be one of {', '.join(names)}; got {model!r}")
    return data.get(zoo.spec(model).data)


def halves(test: "Split", measure: int, calibrate: int) -> tuple["Split", "Tensor"]:
    """The first pictures and labels, to measure on, and the last pictures, for the threshold.

    At most half of the pictures each, so that no picture is in both.
    """
    half = len(test[0]) // 2
    first = min(measure, half)
    return (test[0][:first], test[1][:first]), test[0][-min(calibrate, half) :]


def emit(args: argparse.Namespace, folder: Path, name: str, entry: dict, more: str) -> None:
    """Install where that was asked for, and print the entry; ``more`` is one sentence about it."""
    from robust_core.training import export

    written = folder / (entry["file"] or export.ENTRY)
    installed = export.install(folder, name) if args.install else None
    paths = {"weights": str(written), "installed": installed and str(installed)}
    rows = [
        [
            one["adversary"],
            number(one["parameters"].get("eps")),
            str(one["n_adversarial"]),
            exact_share(one["true_positives"]),
            number(one["auc"]),
        ]
        for one in entry["against"]
    ]
    lines = [
        output.table(["adversary", "eps", "successful", "found", "AUC"], rows),
        f"At the threshold {entry['threshold']:.4f}: "
        f"{exact_share(entry['at_threshold']['false_positives'])} of {entry['n_test']} clean test "
        f"pictures are called adversarial, {exact_share(entry['false_positive_rate'])} at most of "
        f"the {entry['n_calibration']} that it was set on. {more}",
        f"Written: {written}",
        *([f"Installed: {installed}"] if installed else []),
    ]
    output.emit({"name": name, **entry, **paths}, args.json, "\n".join(lines))
