"""Files of ``evaluate-detectors``: adversarial pictures, finished rows, and the result."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from robust_core import files, processes

if TYPE_CHECKING:
    from torch import Tensor

    from robust_core.attacks import Attack
    from robust_core.classifier import Classifier
    from robust_core.training.detectors.crafted import Crafted


@dataclass
class Files:
    """What is kept in the folder ``cache`` between two calls.

    ``entries`` are those of the detectors in the index, ``images`` are bytes ``[N, 3, H, W]``, ``labels``
    ``[N]`` the true classes.
    """

    classifier: "Classifier"
    entries: dict[str, dict]
    images: "Tensor"
    labels: "Tensor"
    cache: Path

    def craft(self, attack: "Attack", n: int) -> "Crafted":
        """What an attack makes of the first ``n`` pictures, cached as ``train detector`` caches it."""
        from robust_core.training.detectors.crafted import Originals
        from robust_core.training.detectors.opponents import Opponent

        parameters = attack.parameters
        if "detector" in parameters:  # by its weights, which may change under one name
            parameters["detector"] = self._stamp(parameters["detector"])
        opponent = Opponent(attack.name, attack, parameters)
        return opponent.craft(
            Originals(self.classifier, self.images[:n], self.labels[:n], self.cache, what="test")
        )

    def remember(self, what: dict, make: Callable[[], dict]) -> dict:
        """``make()``, run once for the same ``what`` on the same pictures with the same code and weights.

        ``what`` names a ``detector``, and ``n`` pictures.
        """
        stamp = self._stamp(what["detector"])
        digest = hashlib.sha256(json.dumps([what, stamp], sort_keys=True).encode())
        for values in (self.images, self.labels):
            digest.update(values[: what["n"]].contiguous().numpy().tobytes())
        digest.update(self._about)
        path = self.cache / f"row-{what['attack']}-{digest.hexdigest()[:12]}.json"
        if not processes.told(path.exists):
            made = make()
            if processes.is_main():
                files.write_json(path, made)
            processes.together()
        return _read(path)

    @cached_property
    def _about(self) -> bytes:
        """The classifier, and the code of attacks and detectors, on which a row depends."""
        from robust_core import attacks, detectors, filters
        from robust_core.zoo.weights import fingerprint

        digest = hashlib.sha256(fingerprint(self.classifier).encode())
        for package in (attacks, detectors):
            digest.update(files.hash_of_code(Path(package.__path__[0])))
        digest.update(Path(filters.__file__).read_bytes())
        return digest.digest()

    def _stamp(self, name: str) -> str:
        """A digest of a detector: its weights, or its recipe, and its threshold."""
        content = [self.entries[name][key] for key in ("sha256", "recipe", "threshold")]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def write(path: Path | None, value: dict) -> None:
    """Write ``value`` as JSON, whole or not at all; does nothing without a path."""
    if path is None:
        return
    files.write_json(path, value)


def kept(path: Path | None, head: dict) -> dict:
    """``parts`` and ``conditions`` of an earlier call; neither where there is no file.

    Raises ``ValueError`` where the file is damaged, or from another model or other weights than ``head``.
    """
    if path is None or not path.exists():
        return {}
    found = _read(path)
    for key in ("model", "data", "weights_sha256"):
        if found.get(key) != head[key]:
            raise ValueError(
                f"{path} is from the {key} {found.get(key)!r} instead of {head[key]!r}: delete it, or "
                "give another --out"
            )
    return {key: dict(found.get(key, {})) for key in ("parts", "conditions")}


def used(table: dict, entries: dict[str, dict]) -> dict[str, str | None]:
    """SHA-256 of the weights of each detector that a table names; None where it has no file."""
    text = json.dumps(table)
    return {name: e["sha256"] for name, e in entries.items() if json.dumps(name) in text}


def stale(value: dict, entries: dict[str, dict], asked: list[str]) -> list[str]:
    """Kept parts, not ``asked`` for, that were made with other detectors than those of the index."""
    return [
        part
        for part, about in value["conditions"].items()
        if part not in asked
        and any(entries.get(n, {}).get("sha256") != sha for n, sha in about["detectors"].items())
    ]


def _read(path: Path) -> dict:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(value, dict):
            raise ValueError("it is not a JSON object")
    except ValueError as error:
        raise ValueError(f"{path} is damaged ({error}): delete it to make it again") from error
    return value
