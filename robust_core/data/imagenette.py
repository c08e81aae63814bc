"""Imagenette (fast.ai, 2019): ten classes of ImageNet that are easily told apart, as photographs.

``imagenette2-160`` holds ``train/SYNSET`` and ``val/SYNSET`` with pictures whose shorter side has 160
pixels, in folders that are named by WordNet ids, as ImageNet's own are.
"""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from robust_core.data.fitting import fit
from robust_core.data.record import Archive, DataMissing, DataSet
from robust_core.paths import data_folder

FOLDER = "imagenette2-160"
SYNSETS = {
    "n01440764": "tench",
    "n02102040": "English springer",
    "n02979186": "cassette player",
    "n03000684": "chain saw",
    "n03028079": "church",
    "n03394916": "French horn",
    "n03417042": "garbage truck",
    "n03425413": "gas pump",
    "n03445777": "golf ball",
    "n03888257": "parachute",
}
"""WordNet ids and classes, in the order of ImageNet's indices."""
FOLDERS = {"train": "train", "test": "val"}
COUNTS = {"train": 9469, "test": 3925}
KINDS = (".jpeg", ".jpg", ".webp")
SIDE, SHORTER, STORED = 128, 144, 160
"""What a model sees; the shorter side before the centre is cut out; the side of training pictures."""
REMEDY = "Get it with: python -m robust_core data download imagenette"


def find(root: str | Path | None = None) -> Path:
    """The folder with ``train`` and ``val``, at or below ``root`` (default: the data folder).

    Raises ``DataMissing`` where there is none, or a class has no folder.
    """
    root = Path(root) if root is not None else data_folder()
    folder = next((f for f in (root, root / FOLDER) if (f / "val" / "n01440764").is_dir()), None)
    if folder is None:
        raise DataMissing(
            f"No Imagenette in {root}: there is no {FOLDER}/val with a folder for each class. {REMEDY}"
        )
    for split in FOLDERS.values():
        for synset, name in SYNSETS.items():
            if not (folder / split / synset).is_dir():
                raise DataMissing(
                    f"Imagenette in {folder} is incomplete: {split}/{synset} ({name}) is missing. "
                    f"{REMEDY}"
                )
    return folder


def listing(split: str, folder: Path) -> list[tuple[Path, int]]:
    """The pictures of a split with their labels; classes take turns, so that any first few are mixed.

    Raises ``DataMissing`` where there are fewer or more of them than there should be.
    """
    found = []
    for label, synset in enumerate(SYNSETS):
        there = sorted((folder / FOLDERS[split] / synset).iterdir(), key=lambda path: path.stem)
        pictures = [path for path in there if path.suffix.lower() in KINDS]
        found += [(turn, label, path) for turn, path in enumerate(pictures)]
    if len(found) != COUNTS[split]:
        raise DataMissing(
            f"Imagenette in {folder} is damaged: {FOLDERS[split]} holds {len(found):,} pictures instead "
            f"of {COUNTS[split]:,}. {REMEDY}"
        )
    return [(path, label) for _, label, path in sorted(found, key=lambda one: one[:2])]


def decode(path: Path, side: int, shorter: int, how: str = "crop") -> np.ndarray:
    """A picture of the data set as uint8 ``[side, side, 3]``: see ``fitting.fit``.

    Raises ``DataMissing`` where it is damaged.
    """
    try:
        with Image.open(path, formats=("JPEG", "WEBP")) as image:
            pixels = np.asarray(image.convert("RGB"))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise DataMissing(f"{path} is damaged ({error}). {REMEDY}") from error
    return fit(pixels, size=(side, side), resize=shorter, channels=3, how=how)


def read(
    split: str,
    root: str | Path | None = None,
    *,
    side: int = SIDE,
    shorter: int = SHORTER,
    how: str = "crop",
    limit: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Pictures, uint8 ``[N, 3, side, side]``, and labels, int64 ``[N]``, the first ``limit`` of them.

    Raises ``DataMissing``.
    """
    listed = listing(split, find(root))[:limit]
    images = torch.empty(len(listed), 3, side, side, dtype=torch.uint8, device="cpu")
    for image, (path, _) in zip(images, listed, strict=True):
        image.copy_(torch.from_numpy(decode(path, side, shorter, how)).permute(2, 0, 1))
    labels = torch.tensor([label for _, label in listed], dtype=torch.int64, device="cpu")
    return images, labels


def read_larger(root: str | Path | None = None) -> tuple[Tensor, Tensor]:
    """The training pictures at 160 x 160, of which a training takes random crops."""
    return read("train", root, side=STORED, shorter=STORED)


def read_one(number: int, folder: Path) -> tuple[np.ndarray, int]:
    """Pixels, uint8 ``[128, 128, 3]``, and label of one test picture."""
    path, label = listing("test", folder)[number]
    return decode(path, SIDE, SHORTER), label


RECORD = DataSet(
    name="imagenette",
    title="Imagenette",
    class_names=tuple(SYNSETS.values()),
    synsets=tuple(SYNSETS),
    size=(SIDE, SIDE),
    resize=SHORTER,
    channels=3,
    splits=COUNTS,
    licence="No licence stated for the pictures, which are ImageNet's; read from your own copy",
    credit="J. Howard, Imagenette, fast.ai, 2019; J. Deng et al., ImageNet, 2009",
    link="https://github.com/fastai/imagenette",
    start_eps=4 / 255,
    read=read,
    read_sized=read,
    read_larger=read_larger,
    find=find,
    read_one=read_one,
    archives=(
        Archive(
            url="https://s3.amazonaws.com/fast-ai-imageclas/imagenette2-160.tgz",
            size=99_003_388,
            checksum="64d0c4859f35a461889e0147755a999a48b49bf38a7e0f9bd27003f10db02fe5",
            folder=FOLDER,
            members=None,
            unpacked=121_000_000,
        ),
    ),
)
