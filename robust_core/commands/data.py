"""``python -m robust_core data``: fetch data sets, and say where they are."""

import argparse
from pathlib import Path

from robust_core.commands import options, output


def configure(parser: argparse.ArgumentParser) -> None:
    """The sub-commands of ``data``."""
    actions = parser.add_subparsers(metavar="ACTION", title="actions", dest="action", required=True)
    for name, help in {
        "download": "fetch a data set, going on from where an earlier download stopped",
        "where": "print the folder of the data sets",
        "list": "which data sets there are, and whether they are here",
    }.items():
        action = actions.add_parser(name, help=help, description=help.capitalize() + ".")
        if name == "download":
            action.add_argument("name", metavar="NAME", help="cifar10")
        action.add_argument(
            "--folder",
            type=Path,
            metavar="DIR",
            help="instead of ROBUST_DATA or the user's cache folder",
        )
        options.add_json(action)


def run(args: argparse.Namespace) -> None:
    """Run one action."""
    {"download": _download, "where": _where, "list": _list}[args.action](args)


def _root(args: argparse.Namespace) -> Path:
    from robust_core.paths import data_folder

    return args.folder or data_folder()


def _where(args: argparse.Namespace) -> None:
    root = str(_root(args))
    output.emit({"folder": root}, args.json, root)


def _list(args: argparse.Namespace) -> None:
    from robust_core.data import cifar10

    root = _root(args)
    here = cifar10.available(root)
    sets = [
        {
            "name": "cifar10",
            "pictures": "32x32 RGB, 50,000 for training and 10,000 for testing",
            "available": here,
            "folder": str(cifar10.find(root)) if here else None,
        },
        {
            "name": "digits",
            "pictures": "8x8 grey, 1,347 for training and 450 for testing",
            "available": True,
            "folder": None,
        },
    ]
    places = ["comes with scikit-learn" if s["name"] == "digits" else s["folder"] for s in sets]
    rows = [
        [s["name"], place or "missing: python -m robust_core data download cifar10", s["pictures"]]
        for s, place in zip(sets, places, strict=True)
    ]
    text = "\n".join(": ".join((row[0], "; ".join(row[1:]))) for row in rows)
    output.emit({"folder": str(root), "data": sets}, args.json, text)


def _download(args: argparse.Namespace) -> None:
    from robust_core.data.download import download_cifar10

    if args.name != "cifar10":
        raise ValueError(f"data to download must be cifar10; got {args.name!r}")
    with output.bar(0, args.name, "B", unit_scale=True) as bar:

        def progress(done: int, total: int) -> None:
            if bar.total != total:
                bar.reset(total)
            bar.update(done - bar.n)

        folder = download_cifar10(args.folder, progress=progress)
    value = {"data": args.name, "folder": str(folder)}
    output.emit(value, args.json, f"{args.name} is in {folder}")
