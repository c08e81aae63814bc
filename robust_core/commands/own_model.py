"""``--model FILE``: a model of the user's own as a guest of the zoo, and the options that describe it."""

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from robust_core.commands import options

if TYPE_CHECKING:
    from torch import Tensor

    from robust_core.classifier import Classifier

ENDINGS = (".onnx", ".safetensors", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".h5", ".bin", ".pb")
TIMM = "timm:"
DESCRIBING = ("classes", "size", "mean", "std", "architecture")
WATCHED = 50
"""Pictures that the normalisation is compared on."""


ABOUT = (
    "ONNX, or safetensors with --architecture; pickles (.pt, .pth) are not opened. "
    "timm:NAME downloads a pretrained network of timm."
)


def add(parser: argparse.ArgumentParser) -> None:
    """``--classes``, ``--size``, ``--mean``, ``--std`` and ``--architecture``."""
    group = parser.add_argument_group("a model of your own (--model FILE)", ABOUT)
    group.add_argument(
        "--classes",
        metavar="NAMES",
        help="class names in the order of the logits: cat,dog, a file with one a line, or those of a "
        "data set (cifar10, imagenet)",
    )
    group.add_argument("--size", metavar="HxW", help="of its pictures: 224 or 224x224")
    for name in ("mean", "std"):
        group.add_argument(
            f"--{name}",
            type=options.number,
            nargs="+",
            metavar="V",
            help="of each channel, for pixels in [0, 1] (default: no normalisation)",
        )
    group.add_argument(
        "--architecture",
        metavar="NAME",
        help="for safetensors: resnet18 from torchvision, or timm:NAME",
    )


def is_own(name: str | None) -> bool:
    """Whether ``--model`` names a file or a network of timm."""
    return name is not None and (
        name.startswith(TIMM) or name.lower().endswith(ENDINGS) or Path(name).is_file()
    )


def admit(args: argparse.Namespace) -> None:
    """Load the file of ``--model``, if it is one, and put the name of the guest in its place.

    Raises ``ValueError`` for a file that cannot be used, and for options that only a file has.
    """
    if not is_own(args.model):
        given = [name for name in DESCRIBING if getattr(args, name) is not None]
        if given:
            raise ValueError(f"--{given[0]} is for a model of your own: --model FILE")
        return
    from robust_core import zoo

    name = args.model if args.model.startswith(TIMM) else Path(args.model).name
    model = _load(args, name)
    for note in model.provenance.details["notes"]:
        tqdm.write(note, file=sys.stderr)
    zoo.dismiss(name)
    zoo.admit(zoo.Guest(name, model, name))
    args.model = name


def _load(args: argparse.Namespace, name: str) -> "Classifier":
    from robust_core.zoo import own
    from robust_core.zoo.own import hub
    from robust_core.zoo.own.names import names_of
    from robust_core.zoo.own.sizes import size_of

    if args.model.startswith(TIMM):
        given = [f"--{name}" for name in DESCRIBING if getattr(args, name) is not None]
        if given:
            raise ValueError(f"{args.model} brings its own {given[0]}: leave the option out")
        return hub.load(args.model)
    return own.load(
        args.model,
        class_names=None if args.classes is None else names_of(args.classes),
        input_size=None if args.size is None else size_of(args.size),
        mean=args.mean,
        std=args.std,
        architecture=args.architecture,
        name=name,
    )


@contextmanager
def naming(model: "Classifier") -> Iterator[None]:
    """What is raised inside of folders that are no class, with a way out for a file without names."""
    try:
        yield
    except ValueError as error:
        from robust_core import zoo
        from robust_core.zoo import own

        nameless = model.class_names == own.names_for(None, len(model.class_names))
        if zoo.guest(model.name) and nameless and "no class" in str(error):
            raise ValueError(
                f"{str(error).rstrip('.')}. The model file names no classes: name them with --classes"
            ) from error
        raise


def about(model: "Classifier", images: "Tensor", labels: "Tensor") -> dict:
    """For a guest on labelled pictures: how often it is right with other normalisations, also said on
    stderr. Nothing for the zoo's own models."""
    from robust_core import zoo

    if zoo.guest(model.name) is None:
        return {}
    from robust_core.zoo import own

    found = own.compare_normalisations(model, images[:WATCHED], labels[:WATCHED])
    tqdm.write(own.in_words(found), file=sys.stderr)
    return {
        "normalisations": [
            {"title": one.title, "mean": one.mean, "std": one.std, "right": one.right, "n": one.n}
            for one in found
        ]
    }
