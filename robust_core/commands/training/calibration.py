"""``python -m robust_core train calibration``: the scores that detectors' thresholds were set on."""

import argparse

from robust_core.commands import output
from robust_core.commands.training import detector_data
from robust_core.commands.training.measured import set_of_options
from robust_core.commands.training.request import Request, given

RECIPE = "calibration"
TOLERANCE = 1e-3
"""How far a threshold may be from the recorded one: other versions of torch round differently."""


def run(args: argparse.Namespace) -> None:
    """Score the calibration pictures of every bundled detector again; ``--install`` records the range.

    Raises ``ValueError`` for an option that has no part in this, and where a threshold is not the recorded
    one: then these are not the pictures that it was set on.
    """
    alien = given(args, [*set_of_options(besides=()), "folder"])
    if alien:
        raise ValueError(f"{RECIPE} has no {', '.join(alien)}: it covers all bundled detectors")
    request = Request.of(args)
    from robust_core import zoo
    from robust_core.training import export

    index = zoo.index()
    ranges: dict[str, list[float]] = {}
    with output.bar(len(zoo.detectors()), RECIPE, "detector", delay=1) as bar:
        for name in zoo.detectors():
            ranges[name] = _range_of(name, index[name], request)
            bar.update()
    changes = {name: {"calibration_range": values} for name, values in ranges.items()}
    installed = str(export.amend(changes)) if request.install else None
    rows = [
        [name, str(index[name]["n_calibration"]), f"{low:.3g}", f"{high:.6g}"]
        for name, (low, high) in ranges.items()
    ]
    text = output.table(["detector", "pictures", "lowest", "highest score"], rows)
    text += f"\nInstalled: {installed}" if installed else ""
    output.emit({"ranges": ranges, "installed": installed}, request.json, text)


def _range_of(name: str, entry: dict, request: Request) -> list[float]:
    """The lowest and the highest score of the pictures that the threshold of ``name`` was set on."""
    from robust_core import data, zoo
    from robust_core.training.detectors.measurement import calibration

    record = data.get(zoo.spec(entry["model"]).data)
    test = record.stored("test", None if record.comes_with else request.data)
    _, pictures = detector_data.halves(test, 1, entry["n_calibration"])
    found = calibration(zoo.load_detector(name, request.device), pictures)
    if abs(found["threshold"] - entry["threshold"]) > TOLERANCE:
        raise ValueError(
            f"{name} has the threshold {entry['threshold']:.4f}, and these pictures give "
            f"{found['threshold']:.4f}: they are not those that it was set on"
        )
    return found["calibration_range"]
