"""Bundled posters and stickers for road signs: listing them, and loading one."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from robust_core import paths
from robust_core.zoo import weights

if TYPE_CHECKING:
    from robust_core.attacks.physical.rp2 import Poster

NEEDED = {
    "file",
    "sha256",
    "model",
    "weights_sha256",
    "sign",
    "target",
    "area",
    "command",
    "figures",
}
TENSORS = {"changed", "area", "loss"}


@dataclass(frozen=True)
class BundledPoster:
    """A poster with the names of its ``sign`` and ``target``, and its ``entry`` in the index."""

    name: str
    sign: str
    target: str
    poster: "Poster"
    entry: dict


def names(model: str | None = None, folder: Path | None = None) -> list[str]:
    """The bundled ones, or those made for one classifier. None where there is no index."""
    folder = folder or paths.POSTERS
    if not (folder / "index.json").is_file():
        return []
    entries = weights.index(folder).items()
    return [name for name, entry in entries if model in (None, entry.get("model"))]


def entry_of(name: str, folder: Path | None = None) -> dict:
    """The index entry of one: file, SHA-256, model, sign, target, area, command and figures.

    Raises ``ValueError`` naming the bundled ones for an unknown name, ``ZooError`` for an entry that
    lacks something.
    """
    weights.check_known("poster", name, names(folder=folder))
    return weights.entry_of(name, NEEDED, _remedy(name), folder or paths.POSTERS)


def to_bytes(poster: "Poster") -> bytes:
    """The content of a file: the changed sign in the 8 bits of a print, where it may differ, the losses."""
    import torch
    from safetensors.torch import save

    return save(
        {
            "changed": (255 * poster.changed).round().to(torch.uint8).contiguous().cpu(),
            "area": poster.area.to(torch.uint8).contiguous().cpu(),
            "loss": poster.loss.float().contiguous().cpu(),
        }
    )


def read(sign: str, fooled: float, content: bytes) -> "Poster":
    """What ``to_bytes`` wrote. Raises ``ValueError`` for anything else."""
    from safetensors.torch import load as parse

    return of_tensors(sign, fooled, parse(content))


def of_tensors(sign: str, fooled: float, tensors: dict) -> "Poster":
    """What ``to_bytes`` kept, on the sign as it is drawn now. Raises ``ValueError`` for anything else."""
    import torch

    from robust_core.attacks.physical.rp2 import Poster
    from robust_core.data import signs

    if set(tensors) != TENSORS:
        raise ValueError(f"it must hold {', '.join(sorted(TENSORS))}")
    changed, area = tensors["changed"], tensors["area"]
    square = (
        changed.ndim == 4 and changed.shape[:2] == (1, 3) and changed.shape[2] == changed.shape[3]
    )
    if not square or area.shape != (1, 1, *changed.shape[2:]):
        raise ValueError("it must hold one square picture and its area")
    if changed.dtype != torch.uint8 or area.dtype != torch.uint8:
        raise ValueError("its picture and area must be of 8 bits")
    clean, _ = signs.draw(sign, changed.shape[-1])
    free = area.bool()
    return Poster(
        clean,
        torch.where(free, changed.float() / 255, clean),
        free,
        fooled,
        tensors["loss"].double(),
    )


def load(name: str, folder: Path | None = None) -> BundledPoster:
    """A bundled poster, on the CPU.

    Raises ``ValueError`` for an unknown name, ``ZooError`` where the file is missing, damaged or not ours.
    """
    entry, remedy = entry_of(name, folder), _remedy(name)
    tensors = weights.tensors(name, entry, remedy, folder or paths.POSTERS)
    try:
        poster = of_tensors(entry["sign"], float(entry["figures"]["fitted"]), tensors)
    except (ValueError, KeyError, TypeError) as error:
        raise weights.misfit(name, entry, error, remedy) from error
    return BundledPoster(name, entry["sign"], entry["target"], poster, entry)


def _remedy(name: str) -> str:
    return weights.remedy("make", name)
