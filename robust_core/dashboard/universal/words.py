"""The sentences of the page Universal and stickers."""

from robust_core import attacks, data
from robust_core.attacks import Universal
from robust_core.experiment.universal import STEPS, Applied
from robust_core.words.numbers import in_255ths, percent
from robust_core.words.verdict import quoted

IDEA = (
    "**An attack for each picture** looks at the picture, and takes new gradients for the next one. "
    "**One for all** is fitted once, to other pictures; from then on it costs one addition, and a camera "
    "can be fooled by what was printed a year ago. It is weaker: it has to suit all pictures at once."
)


def headline(found: Applied, patch: bool, target: int | None, classes: tuple[str, ...]) -> str:
    """What it does to the pictures shown."""
    what = "One sticker" if patch else "The same perturbation"
    n = len(found.before)
    if target is None:
        return f"{what} changes the answer on {found.fooled} of {n} pictures."
    reached = sum(guess.index == target for guess in found.after)
    return f"{what} makes the model say {quoted(classes[target])} to {reached} of {n} pictures."


def beside(found: Applied, target: int | None) -> str:
    """The same beside noise and an attack for each picture."""
    n = len(found.before)
    told = "" if target is None else f"The answer changes on {found.fooled} of them. "
    told += f"Random noise of the same size changes it on {found.by_noise} of {n}."
    if found.each is not None:
        told += (
            f" An attack for each picture, of the same size (PGD on the margin, {STEPS} steps, so {STEPS} "
            f"gradients a picture): {found.each} of {n}."
        )
    return told


def source(
    universal: Universal,
    bundled: str | None,
    classes: tuple[str, ...],
    rounds: float | None = None,
) -> str:
    """What it is, and on what it was fitted; ``rounds``: after which it was stopped."""
    record = universal.record
    size = "" if record.get("eps") is None else f", eps {_eps(record)}"
    target = target_of(universal)
    towards = "" if target is None else f" towards {classes[target]}"
    where = f"fitted beforehand ({bundled})" if bundled else "fitted here"
    if rounds is not None:
        where += f", stopped after {rounds:.2g} rounds"
    title = attacks.get(record["attack"]).title
    told = f"{title}{size}{towards}, {where}: to {record['n']:,} training pictures"
    if record.get("data") in data.names():
        told += f" of {data.get(record['data']).title}"
    curve = record.get("curve")
    if curve:
        told += f", of which it fools {percent(max(curve))}"
    dominant = record.get("dominant")
    if dominant and target is None:
        label, share = dominant[0]
        told += f"; {percent(share)} of these the model then calls {classes[label]}"
    return f"{told}."


def _eps(record: dict) -> str:
    if record["norm"] == "linf":
        return f"{in_255ths(record['eps'])} in Linf"
    return f"{record['eps']:.3g} in L2"


def target_of(universal: Universal) -> int | None:
    """The class that it leads to; None where any other will do."""
    return universal.record.get("goal_parameters", {}).get("target")
