"""``python -m robust_core train --all-missing``: every bundled classifier that the index lacks."""

import sys
from dataclasses import replace

from robust_core.commands.training import classifier
from robust_core.commands.training.classifier import ClassifierOptions
from robust_core.commands.training.request import Request


def train_missing(request: Request) -> None:
    """Train and install what is missing, in the order of the recipes; a second call resumes."""
    from robust_core import data, zoo
    from robust_core.training import recipes

    every = recipes.RECIPES
    missing = [recipe for recipe in every if recipe.model not in zoo.index()]
    if not missing:
        print(f"Nothing is missing: all {len(every)} are installed.", file=sys.stderr)
    for recipe in missing:
        folder = None if data.get(recipe.data).comes_with else request.data
        one = replace(request, install=True, data=folder)
        classifier.train(ClassifierOptions(recipe.model), one)
