"""``python -m robust_core train --all-missing``: every bundled classifier that the index lacks."""

import argparse
import sys
from collections.abc import Callable

from robust_core.commands.training import detector

REFUSED = ("epochs", "paper_schedule", "folder", "seed", *detector.OPTIONS)


def run(args: argparse.Namespace, train: Callable[[argparse.Namespace], None]) -> None:
    """Train and install what is missing, one after another.

    An interrupted queue goes on where it stopped. Raises ``ValueError`` where a recipe was meant.
    """
    from robust_core import data, zoo
    from robust_core.training.recipes import RECIPES

    if not args.all_missing:
        known = ", ".join(RECIPES.names())
        raise ValueError(f"RECIPE is missing: give one of {known}, or --all-missing")
    alien = [o for o in REFUSED if o != "all_missing" and getattr(args, o) not in (None, False, 0)]
    if alien:
        options = ", ".join("--" + o.replace("_", "-") for o in alien)
        raise ValueError(f"--all-missing without a RECIPE takes no {options}")
    missing = [recipe for recipe in RECIPES if recipe.model not in zoo.index()]
    if not missing:
        print(f"Nothing is missing: all {len(RECIPES)} are installed.", file=sys.stderr)
    for recipe in missing:
        folder = None if data.get(recipe.data).comes_with else args.data
        one = {**vars(args), "recipe": recipe.model, "install": True, "data": folder}
        train(argparse.Namespace(**one | {"all_missing": None}))
