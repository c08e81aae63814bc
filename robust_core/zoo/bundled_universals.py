"""Bundled universal perturbations and patches: listing them, and loading one."""

from pathlib import Path
from typing import TYPE_CHECKING

from robust_core import paths
from robust_core.zoo import weights

if TYPE_CHECKING:
    from robust_core.attacks import Universal

NEEDED = {"file", "sha256", "kind", "model", "attack", "data", "command"}


def names(
    model: str | None = None, kind: str | None = None, folder: Path | None = None
) -> list[str]:
    """The bundled ones, or those fitted to one classifier, or of one ``kind``: perturbation, patch.

    None where there is no index.
    """
    folder = folder or paths.UNIVERSAL
    if not (folder / "index.json").is_file():
        return []
    return [
        name
        for name, entry in weights.index(folder).items()
        if model in (None, entry.get("model")) and kind in (None, entry.get("kind"))
    ]


def entry_of(name: str, folder: Path | None = None) -> dict:
    """The index entry of one: file, SHA-256, kind, model, attack, data, command and figures.

    Raises ``ValueError`` naming the bundled ones for an unknown name, ``ZooError`` for an entry that
    lacks something.
    """
    weights.check_known("universal", name, names(folder=folder))
    return weights.entry_of(name, NEEDED, _remedy(name), folder or paths.UNIVERSAL)


def load(name: str, folder: Path | None = None) -> "Universal":
    """A bundled perturbation or patch, to be applied to any pictures of its size.

    Raises ``ValueError`` for an unknown name, ``ZooError`` where the file is missing, damaged or not ours.
    """
    from robust_core.attacks.universal.fitted import from_bytes

    entry = entry_of(name, folder)
    remedy = _remedy(name)
    content = weights.content(name, entry, remedy, folder or paths.UNIVERSAL)
    try:
        return from_bytes(content, entry["file"])
    except ValueError as error:
        raise weights.ZooError(f"{error}. {remedy}") from error


def _remedy(name: str) -> str:
    return weights.remedy("fit", name)
