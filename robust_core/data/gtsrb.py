"""The German Traffic Sign Recognition Benchmark (Stallkamp et al., 2011): 43 signs, seen from a car.

The official archives hold ``GTSRB/Final_Training/Images/000NN`` with the pictures of class NN and their
annotations ``GT-000NN.csv``, ``GTSRB/Final_Test/Images`` with the test pictures in random order, and
``GT-final_test.csv``, which says what these are. Pictures are binary pixmaps of 15 to 250 pixels a side;
the box of the sign (``Roi``) leaves a border of a tenth of the sign around it, at least 5 pixels.

A picture is read whole, with that border, and squashed to 32 x 32 by antialiased bilinear interpolation.
Its box is checked and cuts nothing: the bundled network was trained, and is measured, on whole pictures.

Training pictures come in tracks, about 30 of one sign each while the car draws near it: a training that
sets some aside must set whole tracks aside, or it would find near copies of what it learned.
"""

import re
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from robust_core.data import annotations, ppm
from robust_core.data.annotations import Annotated
from robust_core.data.fitting import fit
from robust_core.data.record import Archive, DataMissing, DataSet
from robust_core.paths import data_folder

FOLDER = "GTSRB"
CLASSES = (
    "speed limit 20",
    "speed limit 30",
    "speed limit 50",
    "speed limit 60",
    "speed limit 70",
    "speed limit 80",
    "end of speed limit 80",
    "speed limit 100",
    "speed limit 120",
    "no passing",
    "no passing for trucks",
    "right of way at the next crossing",
    "priority road",
    "yield",
    "stop",
    "no vehicles",
    "no trucks",
    "no entry",
    "general caution",
    "curve to the left",
    "curve to the right",
    "double curve",
    "bumpy road",
    "slippery road",
    "road narrows on the right",
    "road work",
    "traffic lights",
    "pedestrians",
    "children crossing",
    "bicycles crossing",
    "ice or snow",
    "wild animals crossing",
    "end of all limits",
    "turn right ahead",
    "turn left ahead",
    "ahead only",
    "ahead or right",
    "ahead or left",
    "keep right",
    "keep left",
    "roundabout",
    "end of no passing",
    "end of no passing for trucks",
)
"""In the order of the benchmark's class ids."""
COUNTS = {"train": 39_209, "test": 12_630}
SIDE = 32
TRAINING, TEST = Path("Final_Training/Images"), Path("Final_Test/Images")
TRUTH = "GT-final_test.csv"
NAMES = {"train": re.compile(r"\d{5}_\d{5}\.ppm"), "test": re.compile(r"\d{5}\.ppm")}
"""Of training pictures: the track within its class, and the picture within its track."""
OFFERED = {
    **{1302: 14, 766: 1, 1279: 0, 1500: 2, 669: 4, 589: 5, 518: 8, 1692: 9, 872: 10, 1845: 11},
    **{2997: 12, 725: 13, 1881: 15, 593: 17, 6: 18, 500: 22, 868: 25, 172: 26, 753: 28, 853: 29},
    **{2607: 33, 1346: 35, 2762: 38, 2894: 40},
}
"""A clear test picture of each of 24 classes, with its label, as reading labels takes a moment."""
REMEDY = "Get it with: python -m robust_core data download gtsrb"


def find(root: str | Path | None = None) -> Path:
    """The folder with both sets, at or below ``root`` (default: the data folder).

    Raises ``DataMissing`` where there is none, or a class or the truth of the test set is missing.
    """
    root = Path(root) if root is not None else data_folder()
    folder = next((f for f in (root, root / FOLDER) if (f / TRAINING / "00000").is_dir()), None)
    if folder is None:
        raise DataMissing(
            f"No GTSRB in {root}: there is no {FOLDER}/{TRAINING} with a folder for each class. {REMEDY}"
        )
    wanted = [TRAINING / f"{label:05d}" / f"GT-{label:05d}.csv" for label in range(len(CLASSES))]
    missing = next((path for path in [*wanted, TEST] if not (folder / path).exists()), None)
    if missing is not None:
        raise DataMissing(f"GTSRB in {folder} is incomplete: {missing} is missing. {REMEDY}")
    _truth(folder)
    return folder


def _truth(folder: Path) -> Path:
    """The classes of the test pictures, at one of the places where people unpack that archive."""
    places = (folder, folder / TEST, folder.parent)
    found = next((place / TRUTH for place in places if (place / TRUTH).is_file()), None)
    if found is None:
        raise DataMissing(f"GTSRB in {folder} is incomplete: {TRUTH} is missing. {REMEDY}")
    return found


def listing(split: str, folder: Path) -> list[Annotated]:
    """The annotated pictures of a split; those of training by class and track, each track in order.

    Raises ``DataMissing`` where annotations are damaged, or there are fewer or more than there should be.
    """
    if split == "test":
        found = _annotations(_truth(folder), folder / TEST, split)
    else:
        found = []
        for label in range(len(CLASSES)):
            place = folder / TRAINING / f"{label:05d}"
            path = place / f"GT-{label:05d}.csv"
            own = _annotations(path, place, split)
            if any(one.label != label for one in own):
                raise DataMissing(
                    f"{path} is damaged: it names another class than {label}. {REMEDY}"
                )
            found += own
    if len(found) != COUNTS[split]:
        raise DataMissing(
            f"GTSRB in {folder} is damaged: the {split} annotations name {len(found):,} pictures instead "
            f"of {COUNTS[split]:,}. {REMEDY}"
        )
    return found


def _annotations(path: Path, pictures: Path, split: str) -> list[Annotated]:
    try:
        return annotations.read(path, pictures, NAMES[split], len(CLASSES))
    except ValueError as error:
        raise DataMissing(f"{path} is damaged: {error}. {REMEDY}") from error


def decode(picture: Annotated) -> np.ndarray:
    """The whole picture, squashed to uint8 ``[32, 32, 3]``.

    Raises ``DataMissing`` where it is missing or damaged, or the box of its sign is not within it.
    """
    try:
        pixels = ppm.read(picture.path)
        picture.check_box(pixels.shape[1], pixels.shape[0])
    except FileNotFoundError as error:
        raise DataMissing(f"{picture.path} is missing. {REMEDY}") from error
    except ValueError as error:
        raise DataMissing(f"{picture.path} is damaged: {error}. {REMEDY}") from error
    return fit(pixels, size=(SIDE, SIDE), resize=SIDE, channels=3, how="squash")


def read(split: str, root: str | Path | None = None) -> tuple[Tensor, Tensor]:
    """Pictures, uint8 ``[N, 3, 32, 32]``, and labels, int64 ``[N]``. Raises ``DataMissing``."""
    listed = listing(split, find(root))
    images = np.empty((len(listed), SIDE, SIDE, 3), np.uint8)
    for image, picture in zip(images, listed, strict=True):
        image[...] = decode(picture)
    labels = torch.tensor([one.label for one in listed], dtype=torch.int64, device="cpu")
    return torch.from_numpy(images.transpose(0, 3, 1, 2).copy()), labels


def read_tracks(root: str | Path | None = None) -> Tensor:
    """The track of each training picture, int64 ``[N]``, numbered through all classes.

    Raises ``DataMissing``.
    """
    listed = listing("train", find(root))
    tracks = [100_000 * one.label + int(one.path.name[:5]) for one in listed]
    return torch.tensor(tracks, dtype=torch.int64, device="cpu")


def read_one(number: int, folder: Path) -> tuple[np.ndarray, int]:
    """Pixels, uint8 ``[32, 32, 3]``, and label of one test picture."""
    picture = listing("test", folder)[number]
    return decode(picture), picture.label


# The benchmark publishes no checksums. These MD5 are those that torchvision checks the two test archives
# with, and that several readers of the training archive agree on; torchvision itself reads another one,
# of the online competition, with 26,640 pictures. MD5 tells damage and a wrong file, and as the bytes come
# over HTTPS and are decoded by nothing but ``ppm`` and ``csv``, no more is asked of it.
_SOURCE = "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370"


def _archive(
    name: str,
    size: int,
    checksum: str,
    unpacked: int,
    members: tuple[str, ...] | None = None,
    **more: str,
) -> Archive:
    """One of the benchmark's; without ``members`` all of it is unpacked."""
    own = {"url": f"{_SOURCE}/{name}.zip", "folder": FOLDER, "algorithm": "md5", **more}
    return Archive(size=size, checksum=checksum, unpacked=unpacked, members=members, **own)


ARCHIVES = (
    _archive(
        "GTSRB_Final_Training_Images", 276_294_756, "f33fd80ac59bff73c82d25ab499e03a3", 360_000_000
    ),
    _archive(
        "GTSRB_Final_Test_Images", 88_978_620, "c7e4e6327067d32654124b0fe9e82185", 120_000_000
    ),
    _archive(
        "GTSRB_Final_Test_GT",
        99_620,
        "fe31e9c9270bbcd7b84b7f21a9d9d9e5",
        400_000,
        (TRUTH,),
        inside="",
    ),
)

RECORD = DataSet(
    name="gtsrb",
    title="GTSRB",
    class_names=CLASSES,
    size=(SIDE, SIDE),
    channels=3,
    splits=COUNTS,
    licence="No licence stated; read from your own copy",
    credit="J. Stallkamp, M. Schlipsing, J. Salmen and C. Igel, The German Traffic Sign Recognition "
    "Benchmark: A multi-class classification competition, IJCNN 2011",
    link="https://benchmark.ini.rub.de/gtsrb_dataset.html",
    read=read,
    read_groups=read_tracks,
    find=find,
    read_one=read_one,
    subject="traffic signs",
    sample_title="Sign {number}: {label}",
    offered=OFFERED,
    archives=ARCHIVES,
)
