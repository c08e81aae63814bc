"""From a finished training to a bundled detector: rounded weights, threshold, measured figures."""

from safetensors.torch import load as read_safetensors
from safetensors.torch import save as to_safetensors

from robust_core.detectors import Subnetwork
from robust_core.models.detector import build
from robust_core.training.detectors.measurement import Measurement, identity
from robust_core.training.detectors.several import SEVERAL, Adversaries, craft_pairs
from robust_core.training.detectors.static import DetectorTrainer, name
from robust_core.training.export import rounded_weights
from robust_core.training.recipes import DetectorRecipe


def export_detector(
    trainer: DetectorTrainer,
    adversary: Adversaries,
    against: DetectorRecipe,
    measurement: Measurement,
) -> dict:
    """Write the weights of a detector and its entry; return the entry.

    Its figures are those of the rounded weights in the file, on the test pictures and what ``adversary``
    (the one that ``against`` names) makes of them. They are at score 0.5, for the
    pictures as they are and, as ``eight_bit``, for all rounded to 8 bits.
    """
    recipe = trainer.recipe
    content = to_safetensors(rounded_weights(trainer.averaged))
    subnetwork = build(trainer.classifier.network, recipe.point)
    subnetwork.load_state_dict(read_safetensors(content))
    detector = Subnetwork(trainer.classifier, subnetwork.to(trainer.device), point=recipe.point)
    crafted = craft_pairs(measurement.originals(trainer.classifier), adversary, against)
    floats, eight_bit = measurement.answers(detector, crafted)
    calibrated = measurement.calibrate(detector)
    several = recipe.adversary == SEVERAL
    entry = {
        **measurement.described(detector, calibrated),
        **identity(
            name(recipe),
            content,
            recipe,
            point=recipe.point,
            adversary=list(recipe.parameters) if several else recipe.adversary,
            eps=recipe.parameters.get("eps"),
        ),
        **floats.figures(),
        "eight_bit": eight_bit.figures(),
        "at_threshold": floats.figures(detector.threshold),
        "n": trainer.n,
        **trainer.effort(trainer.subnetwork),
    }
    measurement.write(name(recipe), entry, content)
    return entry
