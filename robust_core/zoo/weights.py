"""Bundled weights: the index that describes them, and files that are checked before they are used."""

import hashlib
import json
from functools import lru_cache
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING

from robust_core.paths import WEIGHTS

if TYPE_CHECKING:
    from torch import Tensor

    from robust_core.classifier import Classifier


class ZooError(ValueError):
    """A model cannot be loaded. The message names the file or model and the remedy."""


def index(folder: Path | None = None) -> dict[str, dict]:
    """The content of ``index.json``: per model its file, SHA-256, recipe, data and figures.

    ``folder`` None means the bundled one. The entries are shared: do not change them. Raises ``ZooError``
    where the index is missing or damaged.
    """
    path = (folder or WEIGHTS) / "index.json"
    try:
        stamp = path.stat()
        return dict(_entries(path, stamp.st_mtime_ns, stamp.st_size, stamp.st_ino))
    except (OSError, ValueError) as error:
        raise ZooError(
            f"{path} is missing or damaged ({error}). Restore it from the project's repository"
        ) from error


@lru_cache(maxsize=4)
def _entries(path: Path, *_stamp: int) -> dict[str, dict]:
    """The entries of an index, read once for each of its versions: pages ask for it many times."""
    entries = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(entries, dict):
        raise ValueError("it holds no entries")
    return entries


def remedy(again: str, name: str) -> str:
    """How to get a bundled file back; ``again`` is the verb for how such files are made."""
    return (
        f"Restore it from the project's repository, or {again} it again: "
        f"python -m robust_core train {name} --install"
    )


def check_known(kind: str, name: str, there: list[str]) -> None:
    """Raises ``ValueError`` for a name that is not ``there``; says which are."""
    if name not in there:
        allowed = f"one of {', '.join(there)}" if there else "none: none are bundled"
        raise ValueError(f"{kind} must be {allowed}; got {name!r}")


def entry_of(name: str, needed: set[str], remedy: str, folder: Path | None = None) -> dict:
    """The index entry of ``name``. Raises ``ZooError`` unless it has all ``needed`` keys."""
    path = (folder or WEIGHTS) / "index.json"
    entry = index(folder).get(name)
    if entry is None:
        raise ZooError(f"{path} has no entry {name}. {remedy}")
    lacking = needed - set(entry)
    if lacking:
        raise ZooError(f"{path} lacks {', '.join(sorted(lacking))} for {name}. {remedy}")
    return entry


def tensors(name: str, entry: dict, remedy: str, folder: Path | None = None) -> "dict[str, Tensor]":
    """The content of an entry's safetensors file, on the CPU; nothing for an entry without a file.

    Raises ``ZooError`` where the file is missing, differs from the index, or is not safetensors.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load

    if entry["file"] is None:
        return {}
    try:
        return load(content(name, entry, remedy, folder))
    except SafetensorError as error:
        raise misfit(name, entry, error, remedy) from error


def content(name: str, entry: dict, remedy: str, folder: Path | None = None) -> bytes:
    """The bytes of an entry's file. Raises ``ZooError`` where it is missing or differs from the index."""
    path = (folder or WEIGHTS) / plain_name(name, entry, remedy)
    if _is_installed_half(path, entry.get("sha256")):
        path = awaiting(path)
    try:
        found = path.read_bytes()
    except OSError as error:
        raise ZooError(f"The weights {path} cannot be read ({error.strerror}). {remedy}") from error
    if hashlib.sha256(found).hexdigest() != entry.get("sha256"):
        raise ZooError(
            f"The weights {path} are damaged: their SHA-256 is not the one in the index. {remedy}"
        )
    return found


def plain_name(name: str, entry: dict, remedy: str) -> str:
    """The entry's file, which lies beside the index: raises ``ZooError`` for a path to anywhere else."""
    file = entry["file"]
    if not isinstance(file, str) or file != PureWindowsPath(file).name or file in ("", ".", ".."):
        raise ZooError(
            f"index.json says that the weights of {name} are in {file!r}; only a file beside the index is "
            f"loaded. {remedy}"
        )
    return file


def awaiting(path: Path) -> Path:
    """Where new weights wait while the index is written; see ``training.export.install``."""
    return path.with_name(f"{path.name}.new")


def _is_installed_half(path: Path, digest: str | None) -> bool:
    """Whether an installation was stopped when the index named the new weights and their file did not."""
    try:
        return hashlib.sha256(awaiting(path).read_bytes()).hexdigest() == digest
    except OSError:
        return False


def misfit(name: str, entry: dict, error: Exception, remedy: str) -> ZooError:
    """The error to raise where a file's content does not fit ``name``."""
    first = str(error).strip().split("\n")[0].rstrip(":")  # torch then lists each tensor on a line
    return ZooError(f"The weights {entry['file']} do not fit {name} ({first}). {remedy}")


def fingerprint(classifier: "Classifier") -> str:
    """SHA-256 of the names, weights, statistics and normalisation of a classifier."""
    digest = hashlib.sha256()
    state = classifier.state_dict() | {"mean": classifier.mean, "std": classifier.std}
    for name, value in sorted(state.items()):
        digest.update(name.encode())
        digest.update(value.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
