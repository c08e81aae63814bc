"""A pretrained network of timm by its name, from the hub that timm takes it from: safetensors only.

``timm.create_model(..., pretrained=True)`` would fall back to a pickle where the hub holds no safetensors;
here the one file is asked for by name, its size is known before it comes, and nothing else is opened.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from robust_core.classifier import Classifier
from robust_core.zoo.own.checking import LARGEST, Checked, checked, content_of
from robust_core.zoo.own.loading import classifier
from robust_core.zoo.own.names import imagenet_names
from robust_core.zoo.own.weights_file import INSTALL_TIMM, TIMM

T = TypeVar("T")
FILE = "model.safetensors"
MISSING = ("EntryNotFoundError", "RemoteEntryNotFoundError")
"""What the hub's library raises where it has no file of that name."""


@dataclass(frozen=True)
class Listed:
    """What timm says about a pretrained network before it is downloaded."""

    name: str
    repository: str
    share: float
    """Of a picture's shorter side that the centre crop keeps."""
    size: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def bytes(self, limit: int = LARGEST) -> int:
        """The size of the download.

        ``ValueError`` where it is above ``limit``, and where the hub has no safetensors or no answer.
        """
        from huggingface_hub import get_hf_file_metadata, hf_hub_url

        url = hf_hub_url(self.repository, FILE)
        size = _asked(lambda: get_hf_file_metadata(url).size or 0, self.name)
        if size > limit:
            raise ValueError(
                f"{self.name} has {size / 1e6:,.0f} MB; at most {limit / 1e6:,.0f} are read"
            )
        return size

    def kept(self) -> Path | None:
        """The file in the hub's own cache on this computer; the hub is not asked."""
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(self.repository, FILE)
        return Path(found) if isinstance(found, str) else None

    def fetch(self, limit: int = LARGEST) -> Path:
        """Download the file into the hub's own cache, with its progress on stderr; where it lies."""
        from huggingface_hub import hf_hub_download

        self.bytes(limit)
        return Path(_asked(lambda: hf_hub_download(self.repository, FILE), self.name))

    def classifier(self, found: Checked) -> Classifier:
        """The checked network with timm's own normalisation, size and classes."""
        name = self.name.removeprefix(TIMM)
        model = classifier(found, name, self.classes(found), self.mean, self.std, self.name)
        model.resize = self.resize
        return model

    def classes(self, found: Checked) -> tuple[str, ...] | None:
        """ImageNet's names where there are as many classes; timm has no others."""
        return imagenet_names() if found.classes == 1000 else None

    @property
    def resize(self) -> int:
        """To how many pixels the shorter side is resized before the crop."""
        return round(max(self.size) / self.share)


def listed(architecture: str) -> Listed:
    """What timm knows of ``timm:NAME``. Raises ``ValueError`` where there are no weights to download."""
    try:
        import timm
        from timm.models import get_pretrained_cfg
    except ImportError as error:
        raise ValueError(INSTALL_TIMM) from error
    name = architecture.removeprefix(TIMM)
    try:
        known = get_pretrained_cfg(name) if timm.is_model(name.split(".")[0]) else None
    except RuntimeError:  # a network without these weights
        known = None
    if known is None or not known.hf_hub_id:
        raise ValueError(f"there is no pretrained network {name!r} of timm to download")
    height, width = known.input_size[1:]
    return Listed(
        architecture,
        known.hf_hub_id,
        known.crop_pct,
        (height, width),
        tuple(known.mean),
        tuple(known.std),
    )


def load(architecture: str) -> Classifier:
    """A pretrained ``timm:NAME``, downloaded on first use, with timm's own normalisation and size."""
    about = listed(architecture)
    return about.classifier(checked(content_of(about.fetch()), architecture, about.size))


def failure(name: str, kind: str, said: str) -> str:
    """The sentence about an error of the hub's library, of that ``kind``, which ``said`` something."""
    if kind in MISSING:
        return f"{name} comes as a pickle alone, which is not opened here: choose another network"
    first = said.strip().split("\n")[0][:200]
    return (
        f"{name} could not be downloaded ({kind}: {first}). Check the connection and try again, or give a "
        "safetensors file"
    )


def _asked(ask: Callable[[], T], name: str) -> T:
    """What the hub says; ``ValueError`` in one sentence where it says nothing."""
    try:
        return ask()
    except (
        Exception
    ) as error:  # the hub's library has kinds of its own, and requests' and the system's
        raise ValueError(failure(name, type(error).__name__, str(error))) from error
