"""Several adversaries: what a detector that is not fitted to a single one is measured against."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from robust_core.detectors.measure import Answers
from robust_core.training.detectors.crafted import Adversary, Crafted, Originals, craft
from robust_core.training.detectors.measurement import Measurement
from robust_core.training.recipes import DetectorRecipe
from robust_core.zoo.weights import fingerprint


@dataclass(frozen=True)
class Opponent:
    """An adversary, its name, and all its hyper-parameters by name."""

    name: str
    attack: Adversary
    parameters: dict

    def craft(self, originals: Originals) -> Crafted:
        """One adversarial picture for each of ``originals``: see ``training.detectors.crafted.craft``."""
        classifier = originals.classifier
        recipe = DetectorRecipe(
            classifier.name, fingerprint(classifier), "", self.name, self.parameters
        )
        named = replace(originals, what=f"{originals.what} {self.name}")
        return craft(named, self.attack, recipe)


def measured(detector, opponents: Sequence[Opponent], measurement: Measurement) -> dict:
    """The figures of an entry of the index: of all opponents together, and of each.

    Over all opponents the figures are those at score 0.5, as of every detector, and, as
    ``at_threshold``, at the calibrated threshold. ``against`` has those of each opponent at that
    threshold; its ``eight_bit`` are for all pictures rounded to 8 bits.
    """
    originals = measurement.originals(detector.classifier)
    everything: list[Answers] = []
    against: list[dict] = []
    for opponent in opponents:
        floats, eight_bit = measurement.answers(detector, opponent.craft(originals))
        everything.append(floats)
        against.append(
            {
                "adversary": opponent.name,
                "parameters": opponent.parameters,
                **floats.figures(detector.threshold),
                "eight_bit": eight_bit.figures(detector.threshold),
            }
        )
    pooled = Answers(
        torch.cat([one.genuine for one in everything]),
        torch.cat([one.adversarial for one in everything]),
        torch.cat([one.before for one in everything]),
        torch.cat([one.after for one in everything]),
    )
    n = len(originals.images)
    return {
        **pooled.figures(),
        "n_test": n,
        "at_threshold": {**pooled.figures(detector.threshold), "n_test": n},
        "against": against,
    }
