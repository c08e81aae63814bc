"""Several adversaries for one detector: they take turns from picture to picture.

Metzen et al. (2017), in their conclusion, leave detectors of many adversaries at once to later work.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from robust_core.training.detectors.crafted import Adversary, Crafted, Originals, craft
from robust_core.training.recipes import DetectorRecipe
from robust_core.training.run import to_float

Adversaries = Adversary | Mapping[str, Adversary]
"""One adversary, or several by name, in the order of their turns."""
SEVERAL = "several"
"""The ``adversary`` of a recipe whose ``parameters`` are those of several, by name."""


@dataclass(frozen=True)
class InTurn:
    """Like ``Crafted``: the adversarial picture i is that of ``parts[i % len(parts)]``.

    The parts are what each adversary makes of the same pictures.
    """

    parts: tuple[Crafted, ...]

    def __len__(self) -> int:
        return len(self.images)

    @property
    def images(self) -> Tensor:
        """The pictures themselves, as they were given."""
        return self.parts[0].images

    @property
    def key(self) -> str:
        """A name that identifies those of all parts and their order."""
        digest = hashlib.sha256("\n".join(part.key for part in self.parts).encode())
        return f"{SEVERAL}-{len(self)}-{digest.hexdigest()[:12]}"

    def pairs(self, rows: Tensor | slice, device: torch.device) -> tuple[Tensor, Tensor]:
        """The pictures themselves and the adversarial ones, float32 in [0, 1], on ``device``."""
        if isinstance(rows, slice):
            rows = torch.arange(len(self), device="cpu")[rows]
        clean = to_float(self.images[rows], device)
        adversarial = torch.empty_like(clean)
        for turn, part in enumerate(self.parts):
            places = (rows % len(self.parts) == turn).nonzero()[:, 0]
            adversarial[places] = part.pairs(rows[places], device)[1]
        return clean, adversarial


def craft_in_turn(
    originals: Originals, adversary: Mapping[str, Adversary], recipe: DetectorRecipe
) -> InTurn:
    """``crafted.craft`` for several adversaries, by name, in the order of their turns.

    ``recipe.parameters`` has the hyper-parameters of each. Each attacks all pictures, of which only its
    turns are used: so the files are shared with the detectors fitted to it alone, and nothing is made
    twice. Raises ``ValueError`` where an adversary would have no turn, or has no parameters.
    """
    n = len(originals.images)
    if n < len(adversary):
        raise ValueError(
            f"images must be at least {len(adversary)}, one for each adversary; got {n}"
        )
    parts = []
    for name, attack in adversary.items():
        alone = replace(recipe, adversary=name, parameters=_parameters_of(name, recipe))
        parts.append(craft(replace(originals, what=f"{originals.what} {name}"), attack, alone))
    return InTurn(tuple(parts))


def craft_pairs(
    originals: Originals, adversary: Adversaries, recipe: DetectorRecipe
) -> Crafted | InTurn:
    """``crafted.craft`` for one adversary, ``craft_in_turn`` for several by name."""
    if isinstance(adversary, Mapping):
        return craft_in_turn(originals, adversary, recipe)
    return craft(originals, adversary, recipe)


def _parameters_of(name: str, recipe: DetectorRecipe) -> Mapping:
    found = recipe.parameters.get(name)
    if not isinstance(found, Mapping):
        raise ValueError(f"recipe.parameters must hold those of {name} under its name")
    return found
