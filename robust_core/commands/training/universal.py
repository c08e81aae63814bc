"""``train`` for the bundled universal perturbations and patches: fit, measure on test pictures, keep."""

import argparse

from robust_core.commands import output
from robust_core.commands.training.measured import refuse_settings
from robust_core.commands.training.request import Request


def names() -> list[str]:
    from robust_core.evaluation.universal.bundle import RECIPES

    return list(RECIPES)


def run(args: argparse.Namespace) -> None:
    """Fit ``args.recipe``, write it to its folder, install it where that was asked for."""
    from robust_core import zoo
    from robust_core.data.datasets import load_test_set
    from robust_core.evaluation.universal import bundle
    from robust_core.evaluation.universal.recipes import fit, training_pictures
    from robust_core.paths import UNIVERSAL
    from robust_core.training import export

    refuse_settings(args)
    name, request = args.recipe, Request.of(args)
    recipe = bundle.RECIPES[name]
    folder = request.folder_for(name)
    with request.holding(folder):
        model = zoo.load(recipe.model, request.device)
        images, labels = training_pictures(recipe.data, model, recipe.n, request.data)
        method = recipe.method()
        rounds = getattr(method, "passes", 0) or method.observations
        with output.bar(rounds, name, " rounds") as bar:

            def observer(delta: object, rate: object) -> None:
                bar.set_postfix_str(f"{100 * float(rate):.1f} % reached")  # type: ignore[arg-type]
                bar.update(1)

            found = fit(recipe, model, images, labels, observer)
        test = load_test_set(recipe.data, model, root=request.data)
        entry, content = bundle.exported(name, found, model, *test)
        export.write_export(folder, name, entry, content)
        figures = entry["figures"]
        line = f"{name}: {100 * figures['rate']:.1f} % of {figures['n']:,} test pictures"
        request.hand_over(folder, name, entry, [line], into=UNIVERSAL)
