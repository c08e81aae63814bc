"""A pretrained network of timm by its name, from the hub that timm takes it from: safetensors only.

``timm.create_model(..., pretrained=True)`` would fall back to a pickle where the hub holds no safetensors;
here the one file is asked for by name, its size is known before it comes, and nothing else is opened.
"""

from dataclasses import dataclass
from pathlib import Path

from robust_core.classifier import Classifier
from robust_core.zoo.own.checking import LARGEST, checked, content_of
from robust_core.zoo.own.loading import classifier
from robust_core.zoo.own.names import imagenet_names
from robust_core.zoo.own.weights_file import INSTALL_TIMM, TIMM

FILE = "model.safetensors"


@dataclass(frozen=True)
class Listed:
    """What timm says of a pretrained network before it is downloaded."""

    name: str
    repository: str
    share: float
    """Of a picture's shorter side that the centre crop keeps."""
    size: tuple[int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    def bytes(self) -> int:
        """The size of the download. ``ValueError`` where the hub has no safetensors, or no answer."""
        from huggingface_hub import get_hf_file_metadata, hf_hub_url

        return _asked(
            lambda: get_hf_file_metadata(hf_hub_url(self.repository, FILE)).size or 0, self
        )

    def fetch(self, limit: int = LARGEST) -> Path:
        """Download the file into the hub's own cache, with its progress on stderr; where it lies."""
        from huggingface_hub import hf_hub_download

        if (size := self.bytes()) > limit:
            raise ValueError(
                f"{self.name} has {size / 1e6:,.0f} MB; at most {limit / 1e6:,.0f} are read"
            )
        return Path(_asked(lambda: hf_hub_download(self.repository, FILE), self))


def listed(architecture: str) -> Listed:
    """What timm knows of ``timm:NAME``. Raises ``ValueError`` where there are no weights to download."""
    try:
        import timm
        from timm.models import get_pretrained_cfg
    except ImportError as error:
        raise ValueError(INSTALL_TIMM) from error
    name = architecture.removeprefix(TIMM)
    known = get_pretrained_cfg(name) if timm.is_model(name.split(".")[0]) else None
    if known is None or not known.hf_hub_id:
        raise ValueError(f"timm has no pretrained network {name!r} to download")
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
    found = checked(content_of(about.fetch()), architecture, about.size)
    names = imagenet_names() if found.classes == 1000 else None
    model = classifier(
        found, architecture.removeprefix(TIMM), names, about.mean, about.std, architecture
    )
    model.resize = round(min(about.size) / about.share)
    return model


def _asked(ask, about: Listed):
    """What the hub says; ``ValueError`` in one sentence where it says nothing."""
    try:
        return ask()
    except (
        Exception
    ) as error:  # the hub's library has kinds of its own, and requests' and the system's
        if type(error).__name__ in ("EntryNotFoundError", "RemoteEntryNotFoundError"):
            raise ValueError(
                f"{about.name} comes as a pickle alone, which is not opened here: choose another network"
            ) from error
        said = str(error).strip().split("\n")[0][:200]
        raise ValueError(
            f"{about.name} could not be downloaded ({type(error).__name__}: {said}). Check the connection "
            "and try again, or give a safetensors file"
        ) from error
