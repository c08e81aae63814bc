"""The bundled detectors, by the options that make each, in the order in which they are trained."""

from dataclasses import replace

from robust_core.commands.training.detector_data import usual_point
from robust_core.commands.training.detector_options import (
    DYNAMIC,
    FAST,
    ITERATIVE,
    ITERATIVE_L2,
    MODEL,
    SEVERAL,
    DetectorOptions,
)
from robust_core.registry import Registry
from robust_core.training.detectors import static
from robust_core.training.recipes import DetectorRecipe

# Training pictures: of the main detectors, of those beside them, of those for one point of a curve.
MAIN = 10_000
SMALLER = 5_000
SMALLEST = 3_000


def name(options: DetectorOptions) -> str:
    """What a detector is called in the index of the weights."""
    parameters = {} if options.eps is None else {"eps": options.eps}
    model = options.model or MODEL
    point = options.point or usual_point(model)
    recipe = DetectorRecipe(model, "", point, options.adversary, parameters)
    return static.name(recipe)


def _deepfool(adversary: str, point: str | None = None) -> DetectorOptions:
    return DetectorOptions(point=point, adversary=adversary, limit=MAIN)


def _iterative(whole_eps: int, limit: int) -> DetectorOptions:
    return replace(ITERATIVE, eps=whole_eps / 255, limit=limit)


STATIC = _iterative(1, MAIN)

BUNDLED: Registry[DetectorOptions] = Registry(
    "detector",
    [
        _iterative(2, MAIN),
        STATIC,
        replace(FAST, limit=MAIN),
        replace(ITERATIVE_L2, limit=MAIN),
        _deepfool("deepfool", "AD(4)"),
        _deepfool("deepfool-linf", "AD(4)"),
        # Dynamic: starts from the static detector of the same eps.
        replace(STATIC, adversary=DYNAMIC, limit=SMALLER, start=name(STATIC)),
        _iterative(4, SMALLER),
        _iterative(3, SMALLER),
        *[replace(FAST, eps=whole / 255, limit=SMALLEST) for whole in (1, 3, 4)],
        *[replace(ITERATIVE_L2, eps=whole / 255, limit=SMALLEST) for whole in (20, 60, 80)],
        *[replace(STATIC, point=f"AD({i})") for i in (4, 3, 1, 0)],
        _deepfool("deepfool"),
        DetectorOptions(adversary=SEVERAL, limit=MAIN),
    ],
    key=name,
)
