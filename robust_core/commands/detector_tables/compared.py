"""Which detectors ``evaluate-detectors`` compares: the bundled ones, and those that were only trained."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from robust_core.classifier import Classifier
    from robust_core.detectors import Detector


class TrainedDetector(NamedTuple):
    """The folder of a finished training, with the weights, and what it says of them."""

    folder: Path
    entry: dict


@dataclass(frozen=True)
class ComparedDetectors:
    """Detectors of one model: entries of the index, and trained ones that are not in it, by name."""

    model: str
    bundled: dict[str, dict]
    trained: dict[str, TrainedDetector]

    @classmethod
    def of(cls, model: str, folder: Path | None) -> "ComparedDetectors":
        """The bundled ones, and those whose trainings are finished in sub-folders of ``folder``.

        Raises ``ValueError`` where there is none in ``folder``, or none at all.
        """
        from robust_core import zoo

        index = zoo.index()
        bundled = {name: index[name] for name in zoo.detectors(model)}
        trained = _trained(folder, model) if folder else {}
        if not bundled and not trained:
            raise ValueError(
                f"{model} has no detectors to evaluate: "
                f"python -m robust_core train detector --model {model} --all-missing"
            )
        others = {name: one for name, one in trained.items() if name not in bundled}
        return cls(model, bundled, others)

    @property
    def entries(self) -> dict[str, dict]:
        """What the index says of each, or would say."""
        return self.bundled | {name: one.entry for name, one in self.trained.items()}

    def load(self, name: str, classifier: "Classifier") -> "Detector":
        """One of them. Raises ``ZooError`` where it does not fit the classifier."""
        from robust_core import zoo
        from robust_core.zoo import bundled_detectors

        if name not in self.trained:
            return zoo.load_detector(name, classifier.device)
        found = self.trained[name]
        return bundled_detectors.attach_entry(name, found.entry, classifier, found.folder)

    def by_origin(self, used: dict[str, str | None]) -> dict[str, dict]:
        """``used`` in two: ``detectors`` are bundled, ``unbundled``, where there are any, are not."""
        unbundled = {name: sha for name, sha in used.items() if name in self.trained}
        bundled = {name: sha for name, sha in used.items() if name not in unbundled}
        return {"detectors": bundled} | ({"unbundled": unbundled} if unbundled else {})


def _trained(folder: Path, model: str) -> dict[str, TrainedDetector]:
    from robust_core.training.export import ENTRY
    from robust_core.zoo.bundled_detectors import KIND

    found = {}
    for path in sorted(folder.glob(f"*/{ENTRY}")):
        try:
            ((name, entry),) = json.loads(path.read_text(encoding="utf-8")).items()
            if entry.get("kind") == KIND and entry["model"] == model:
                found[name] = TrainedDetector(path.parent, entry)
        except (ValueError, KeyError, AttributeError) as error:
            raise ValueError(f"{path} is damaged ({error}): train this one again") from error
    if not found:
        raise ValueError(f"--runs: {folder} has no folder with a trained detector of {model}")
    return found
