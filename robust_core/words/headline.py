"""A bundled model in one line: clean accuracy, with robust accuracy beside it."""

import json
from functools import lru_cache
from pathlib import Path

from robust_core import zoo
from robust_core.evaluation import suites
from robust_core.paths import RESULTS, WEIGHTS
from robust_core.words.numbers import in_255ths, share


def headline(model: str) -> str | None:
    """Clean top-1 and top-1 under PGD at its usual radius, with conditions, from the committed results.

    Of several losses it is the one that leaves least, among those run on as many pictures. None for a
    model without a committed result, and where the result is for other weights. The files are read
    again only if they have changed.
    """
    name = next((name for name, suite in suites.SUITES.items() if suite.model == model), None)
    path = RESULTS / f"{name}.json"
    if name is None or not path.is_file():
        return None
    stamps = tuple(file.stat().st_mtime_ns for file in (path, WEIGHTS / "index.json"))
    return _headline(model, suites.SUITES[name].usual, path, stamps)


@lru_cache(maxsize=32)
def _headline(model: str, eps: float, path: Path, stamps: tuple[int, ...]) -> str | None:
    report = json.loads(path.read_text(encoding="utf-8"))
    entry = zoo.index()[model]
    if report["weights_sha256"] != entry["sha256"]:
        return None
    found = [
        (result["n"], row["top1"], result)
        for result in report["results"]
        for row in result["rows"]
        if result["attack"] == "pgd" and row["eps"] == eps
    ]
    if not found:
        return None
    n, under_attack, result = max(found, key=lambda each: (each[0], -each[1]))
    return (
        f"Right on {share(result['clean_top1'])} of {n:,} {entry['data']} test pictures; on "
        f"{share(under_attack)} under {_named(result['parameters'], eps)}."
    )


def _named(parameters: dict, eps: float) -> str:
    """PGD with what matters of its settings."""
    loss = "" if parameters["loss"] == "ce" else f", {parameters['loss'].upper()} loss"
    return f"PGD ({parameters['steps']} steps, Linf {in_255ths(eps)}{loss})"
