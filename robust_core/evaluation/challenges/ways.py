"""Ways: what an attacker goes through, where a defence offers it.

Each is an idea of Athalye, Carlini and Wagner (2018) or an older one. It uses what a defence offers to an
aware attacker (``Defense.adaptive``); a defence that lacks it is attacked as it is.
"""

from enum import StrEnum

from torch import nn

from robust_core.attacks import Attack
from robust_core.classifier import Classifier
from robust_core.defenses import Defended, Defense
from robust_core.defenses.filters import Filter
from robust_core.defenses.trained import Masked


class Way(StrEnum):
    """The five, beginning with the attacker who knows nothing of the defence."""

    TRANSFER = "transfer"
    """The pictures are made on the undefended network."""
    AS_IT_IS = "as-it-is"
    """The deployed network is differentiated, or asked, as it is."""
    THROUGH = "through"
    """Through a filter: by its gradient, or by the identity where it has none (BPDA)."""
    AVERAGED = "averaged"
    """Over the random draws of the defence (EOT)."""
    LOGITS = "logits"
    """On the logits before they are scaled up."""


def fits(defense: Defense | None, way: Way) -> bool:
    """Whether the defence has what the way goes through."""
    found = {
        Way.THROUGH: isinstance(defense, Filter),
        Way.AVERAGED: defense is not None and defense.is_random,
        Way.LOGITS: isinstance(defense, Masked),
    }
    return found.get(way, True)


def aimed(
    deployed: Classifier, undefended: Classifier, attack: Attack, way: Way
) -> tuple[Attack, nn.Module]:
    """``attack`` as it is run on the way, and the model that it is run on."""
    if way is Way.TRANSFER:
        return attack, undefended
    if not isinstance(deployed, Defended):
        return attack, deployed
    if way is not Way.AS_IT_IS and fits(deployed.defense, way):
        return deployed.attacked_by(attack, adaptive=True)
    return deployed.defense.of_unaware(attack), deployed  # one may answer with probabilities alone
