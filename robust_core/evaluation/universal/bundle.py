"""The bundled perturbations and patches: how each is fitted, and the entry of the index."""

import hashlib
from typing import Any

import torch
from torch import Tensor

from robust_core import data
from robust_core.attacks.checks import round_towards
from robust_core.attacks.universal import keeping
from robust_core.attacks.universal.fitted import Universal, from_bytes
from robust_core.attacks.universal.patches import PatchUniversal
from robust_core.classifier import Classifier
from robust_core.evaluation.universal import placing
from robust_core.evaluation.universal.fooling import of_perturbation
from robust_core.evaluation.universal.recipes import EPS, UniversalRecipe

CIFAR, PHOTOS = "cifar10-resnet32", "imagenette-resnet"
PATCH = {"scale": 0.1}
RECIPES = {
    f"{CIFAR}-uap-sgd": UniversalRecipe(CIFAR, "cifar10", "uap-sgd", {"eps": EPS}),
    f"{PHOTOS}-uap-sgd": UniversalRecipe(PHOTOS, "imagenette", "uap-sgd", {"eps": EPS}),
    f"{CIFAR}-patch": UniversalRecipe(CIFAR, "cifar10", "patch", PATCH | {"steps": 200}, target=5),
    f"{PHOTOS}-patch": UniversalRecipe(
        PHOTOS, "imagenette", "patch", PATCH | {"steps": 200}, target=1
    ),
}
"""By name. The patches are towards the class that runs of 100 steps over all ten reached most often: 1, the
English springer, and 5, dog."""


def rounded(universal: Universal) -> Universal:
    """With values that float16 holds, rounded towards 0 so that no norm grows."""
    delta = universal.delta
    size = round_towards(delta.abs(), torch.zeros_like(delta, dtype=torch.float16)).float()
    return type(universal)(size * delta.sign(), universal.record)


def command(name: str) -> str:
    return f"python -m robust_core train {name}"


def exported(
    name: str, universal: Universal, model: Classifier, images: Tensor, labels: Tensor
) -> tuple[dict[str, Any], bytes]:
    """The entry for the index, and the file, whose figures on test pictures it has."""
    recipe = RECIPES[name]
    kept = rounded(universal)
    content = keeping.to_bytes(kept.kind, kept.delta, kept.record)
    kept = from_bytes(content, name)
    if isinstance(kept, PatchUniversal):
        assert recipe.target is not None
        figures = placing.success(model, kept, images, labels, recipe.target)
        figures |= {"target": recipe.target, "side": kept.side}
    else:
        figures = of_perturbation(model, kept, images, labels)
    return {
        "kind": kept.kind,
        "file": f"{name}.safetensors",
        "sha256": hashlib.sha256(content).hexdigest(),
        "model": recipe.model,
        "weights_sha256": kept.record["weights_sha256"],
        "attack": recipe.attack,
        "eps": kept.record["eps"],
        "data": data.get(recipe.data).full_title,
        "n_fit": recipe.n,
        "command": command(name),
        "figures": figures,
    }, content
