"""All bundled detectors of a classifier, asked about one picture before and after an attack."""

from dataclasses import dataclass

import torch
from torch import Tensor

from robust_core import zoo
from robust_core.data.fitting import as_saved
from robust_core.detectors.measure import ask
from robust_core.experiment.detection import Detection


@dataclass(frozen=True)
class Panel:
    """What each detector says, by name; for those that could not be loaded, the reason."""

    said: dict[str, Detection]
    refused: dict[str, str]

    @property
    def sentence(self) -> str:
        """How many flag the adversarial picture, and how many the clean one."""
        if not self.said:
            return "No detector could be loaded."
        found = sum(each.flagged for each in self.said.values())
        alarms = sum(each.flagged_clean for each in self.said.values())
        n = len(self.said)
        of = "The detector" if n == 1 else f"{found} of {n} detectors"
        verb = ("flags" if found else "does not flag") if n == 1 else "flag"
        also = f"{alarms} also reject{'s' * (alarms == 1)} the clean one" if alarms else ""
        return f"{of} {verb} the adversarial picture" + (f"; {also}." if also else ".")


def panel(
    names: list[str], clean: Tensor, adversarial: Tensor, device: torch.device | str | None = None
) -> Panel:
    """Ask the detectors ``names``, all on one classifier, about two pictures ``[1, C, H, W]``.

    Subnetworks share one pass of the classifier. A detector that cannot be loaded does not affect the
    others. Raises ``ValueError`` for an unknown name.
    """
    detectors = []
    refused = {}
    for name in names:
        try:
            detectors.append(zoo.load_detector(name, device))
        except zoo.ZooError as error:
            refused[name] = str(error)
    if not detectors:
        return Panel({}, refused)
    rounded = as_saved(adversarial)
    images = torch.cat([clean, adversarial.cpu(), rounded]).to(detectors[0].device)
    nobody = torch.zeros(len(images), dtype=torch.int64, device=images.device)
    scores, _ = ask(detectors, images, nobody)
    said = {}
    for detector, own in zip(detectors, scores, strict=True):
        said[detector.name] = Detection.of_scores(detector, own)
    return Panel(said, refused)
