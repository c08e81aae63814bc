"""Models and detectors, read from the index of the weights and from torchvision."""

from docs.generator.markdown import cell, number, percent, table
from robust_core import zoo
from robust_core.training.recipes import ABOUT
from robust_core.words.detectors import title
from robust_core.words.models import groups


def bundled() -> str:
    """The classifiers that come with the project."""
    heads = {
        **{"name": "l", "training": "l", "data": "l", "parameters": "r", "clean accuracy": "r"},
        "made by": "l",
    }
    there = zoo.bundled()
    parts = []
    for group in groups():
        own = [name for name in group.names if name in there]
        if own:
            parts += [f"**{group.heading}**", table(heads, map(_row, own))]
    return "\n\n".join(parts)


def _row(name: str) -> tuple[str, ...]:
    entry = zoo.index()[name]
    return (
        f"`{name}`",
        ABOUT[name],
        entry["data"],
        f"{entry['parameters']:,}",
        percent(entry["accuracy"]),
        f"`{entry['command']}`",
    )


def imagenet() -> str:
    """torchvision's classifiers, with the accuracy that torchvision states."""
    rows = []
    for name in zoo.IMAGENET:
        meta = zoo.imagenet_weights(name).meta
        stated = percent(meta["_metrics"]["ImageNet-1K"]["acc@1"] / 100)
        accuracy = "ten classes: not stated" if zoo.IMAGENET[name].kept else stated
        size = f"{zoo.download_size(name) / 1e6:.0f} MB"
        rows.append((f"`{name}`", f"{meta['num_params']:,}", accuracy, size))
    heads = {"name": "l", "parameters": "r", "top-1 on ImageNet": "r", "download": "r"}
    return table(heads, rows)


def detectors() -> str:
    """The bundled detectors, and what the index says of each."""
    heads = {
        **{"name": "l", "detector": "l", "method": "l", "threshold": "r", "clean flagged": "r"},
        **{"detectability": "r", "area under the curve": "r", "made by": "l"},
    }
    index = zoo.index()
    rows = (
        (
            f"`{name}`",
            cell(title(entry)),
            entry["method"],
            number(entry["threshold"], ".4f"),
            percent(entry["at_threshold"]["false_positives"]),
            percent(entry["detectability"]),
            number(entry["auc"], ".4f"),
            f"`{entry['command']}`",
        )
        for name in zoo.detectors()
        for entry in [index[name]]
    )
    return table(heads, rows)
