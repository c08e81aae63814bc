"""``python -m robust_core train --all-missing``: every bundled classifier that the index lacks."""

import argparse
import sys
from collections.abc import Callable

from robust_core.commands.training import detector

RESNET, DIGITS = "cifar10-resnet32", "digits-cnn"
RECIPES = {
    RESNET: "undefended",
    DIGITS: "undefended, in seconds",
    f"{DIGITS}-pgd-at": "PGD adversarial training at 0.1, in seconds",
    f"{RESNET}-pgd-at": "PGD adversarial training at 8/255",
    f"{RESNET}-fgsm-at": "FGSM adversarial training at 8/255 from random starts",
    f"{RESNET}-fgsm-at-half": "the same, half of the loss on clean pictures",
    f"{RESNET}-distilled-t100": "defensive distillation at temperature 100",
    f"{RESNET}-gaussian": "Gaussian noise of 0.25 on the picture, for randomised smoothing",
    f"{RESNET}-pixeldp": "PixelDP: noise behind the first convolution",
    f"{RESNET}-fgsm-at-plain": "FGSM without random starts: catastrophic overfitting",
    f"{RESNET}-lambda-at": "half of each batch adversarial, weighed by 0.3",
    f"{RESNET}-saturated": "tanh units driven into saturation",
    f"{RESNET}-static-augmentation": "with adversarial copies that were made once",
    f"{RESNET}-gradient-regularised": "with a penalty on the gradient by the picture",
    f"{RESNET}-distilled-t20": "defensive distillation at temperature 20",
}
"""What there is to train by gradient descent, in the order in which it is trained."""
REFUSED = ("epochs", "paper_schedule", "folder", "seed", *detector.OPTIONS)


def run(args: argparse.Namespace, train: Callable[[argparse.Namespace], None]) -> None:
    """Train and install what is missing, one after another.

    An interrupted queue goes on where it stopped. Raises ``ValueError`` where a recipe was meant.
    """
    if not args.all_missing:
        raise ValueError(f"RECIPE is missing: give one of {', '.join(RECIPES)}, or --all-missing")
    alien = [o for o in REFUSED if o != "all_missing" and getattr(args, o) not in (None, False, 0)]
    if alien:
        options = ", ".join("--" + o.replace("_", "-") for o in alien)
        raise ValueError(f"--all-missing without a RECIPE takes no {options}")
    from robust_core import zoo

    missing = [name for name in RECIPES if name not in zoo.index()]
    if not missing:
        print(f"Nothing is missing: all {len(RECIPES)} are installed.", file=sys.stderr)
    for name in missing:
        data = None if name.startswith(DIGITS) else args.data
        one = {**vars(args), "recipe": name, "install": True, "data": data}
        train(argparse.Namespace(**one | {"all_missing": None}))
