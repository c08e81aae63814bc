"""What is fitted for the tables and for the bundle: model, data, attack, and how many training pictures."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from robust_core import attacks, data
from robust_core.attacks.universal.base import UniversalAttack
from robust_core.attacks.universal.fitted import Universal
from robust_core.classifier import Classifier
from robust_core.data.datasets import check_fit
from robust_core.data.record import to_float
from robust_core.goals import Towards

EPS = 10 / 255


@dataclass(frozen=True)
class UniversalRecipe:
    """One fit, to the first ``n`` training pictures; ``target``: the class to reach, None for none."""

    model: str
    data: str
    attack: str
    parameters: dict[str, Any] = field(default_factory=dict)
    n: int = 1000
    target: int | None = None

    def method(self) -> UniversalAttack:
        """The attack. Raises ``ValueError`` for one that is not universal."""
        made = attacks.create(self.attack, **self.parameters)
        if not isinstance(made, UniversalAttack):
            raise ValueError(f"attack must be a universal one; got {self.attack!r}")
        return made


def training_pictures(
    name: str, model: Classifier, limit: int, root: str | Path | None = None
) -> tuple[Tensor, Tensor]:
    """The first training pictures, float32 ``[N, C, H, W]``, and labels ``[N]``."""
    record = data.get(name)
    check_fit(record, model)
    images, labels = record.sized("train", model.input_size, model.resize, root=root, limit=limit)
    return to_float(images), labels


def fit(
    recipe: UniversalRecipe,
    model: Classifier,
    images: Tensor,
    labels: Tensor,
    observer: Callable[[Tensor, Tensor], object] | None = None,
) -> Universal:
    """Fit to the first ``recipe.n`` of ``images``; the record says the data.

    Raises ``ValueError`` where there are fewer.
    """
    if len(images) < recipe.n:
        raise ValueError(f"{recipe.data} gives {len(images)} training pictures, not {recipe.n}")
    first = images[: recipe.n].to(model.device)
    goal = None if recipe.target is None else Towards(recipe.target)
    found = recipe.method().fit(model, first, labels[: recipe.n], goal, observer=observer)
    return found.noted(data=recipe.data, torch=torch.__version__)
