"""``train`` for the bundled posters and stickers of road signs: make, judge from new places, keep."""

import argparse

from robust_core.commands import output
from robust_core.commands.training.measured import refuse_settings
from robust_core.commands.training.request import Request


def names() -> list[str]:
    from robust_core.evaluation.physical.bundle import RECIPES

    return list(RECIPES)


def run(args: argparse.Namespace) -> None:
    """Make ``args.recipe``, write it to its folder, install it where that was asked for."""
    from robust_core import zoo
    from robust_core.evaluation.physical import bundle, plan, posters
    from robust_core.paths import POSTERS
    from robust_core.training import export

    refuse_settings(args, "data")
    name, request = args.recipe, Request.of(args)
    folder = request.folder_for(name)
    with request.holding(folder):
        model = zoo.load(plan.SIGN_MODEL, request.device)
        with output.bar(1, name, " steps") as bar:

            def watch(stage: str, k: int, n: int, *_: object) -> None:
                bar.set_description(f"{name}, {stage}", refresh=False)
                bar.total, bar.n = n, k
                bar.refresh()

            made = posters.fit(model, bundle.RECIPES[name], watch)
        entry, content = bundle.exported(name, made, model)
        export.write_export(folder, name, entry, content)
        deck = entry["figures"]["deck"]
        line = f"{name}: {deck['fooled']} of {deck['right']} views from the deck's five places"
        request.hand_over(folder, name, entry, [line], into=POSTERS)
