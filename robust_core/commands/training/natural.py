"""``train`` for the two small networks of texts and signals: train, measure on held-out items, keep."""

import argparse

from robust_core.commands.training.measured import refuse_settings
from robust_core.commands.training.request import Request
from robust_core.words.numbers import share

NAMES = ("reports-ngrams", "signal-cnn")


def run(args: argparse.Namespace) -> None:
    """Train ``args.recipe``, write it to its folder, install it where that was asked for."""
    from robust_core.paths import NATURAL
    from robust_core.training import export, natural

    refuse_settings(args, "data")
    name, request = args.recipe, Request.of(args)
    folder = request.folder_for(name)
    with request.holding(folder):
        entry, content = natural.exported(name)
        export.write_export(folder, name, entry, content)
        accuracy = share(entry["right"] / entry["n_held_out"])
        line = f"{name}: {accuracy} of {entry['n_held_out']} held-out items"
        request.hand_over(folder, name, entry, [line], into=NATURAL)
