"""``python -m robust_core data``: download data sets, and say where they are."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from robust_core.commands import options, output

if TYPE_CHECKING:
    from robust_core.data import DataSet


def configure(parser: argparse.ArgumentParser) -> None:
    """The sub-commands of ``data``."""
    actions = parser.add_subparsers(metavar="ACTION", title="actions", dest="action", required=True)
    for name, help in {
        "download": "download a data set, resuming an interrupted download",
        "where": "print the folder of the data sets",
        "list": "list the data sets, and which of them are here",
    }.items():
        action = actions.add_parser(name, help=help, description=help.capitalize() + ".")
        if name == "download":
            action.add_argument("name", metavar="NAME", help="a name from data list")
        options.add_folder(action, "--folder", "instead of ROBUST_DATA or the user's cache folder")
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


def _downloadable() -> list[str]:
    from robust_core import data

    return [name for name in data.names() if data.get(name).archives]


def _list(args: argparse.Namespace) -> None:
    from robust_core import data

    root = _root(args)
    records = [data.get(name) for name in data.names()]
    sets = [_about(record, root) for record in records]
    lines = [
        f"{record.name}: {_place(record, one)}; {one['pictures']}"
        for record, one in zip(records, sets, strict=True)
    ]
    output.emit({"folder": str(root), "data": sets}, args.json, "\n".join(lines))


def _about(record: "DataSet", root: Path) -> dict:
    from robust_core.data.datasets import in_words

    here = record.available(root)
    folder = record.folder(root) if here else None
    train = record.splits["train"]
    test = record.splits["test"]
    return {
        "name": record.name,
        "pictures": f"{in_words(record.shape)}, {train:,} for training and {test:,} for testing",
        "available": here,
        "folder": str(folder) if folder else None,
    }


def _place(record: "DataSet", about: dict) -> str:
    """Where a data set is, or how to get it."""
    if record.comes_with:
        return f"comes with {record.comes_with}"
    if about["available"]:
        return about["folder"] or "here"
    command = f"python -m robust_core data download {record.name}"
    return f"missing: {command}" if record.archives else f"missing: see {record.link}"


def _download(args: argparse.Namespace) -> None:
    from robust_core import data
    from robust_core.data import download

    if args.name not in _downloadable():
        raise ValueError(
            f"data to download must be one of {', '.join(_downloadable())}; got {args.name!r}"
        )
    with output.bar(0, args.name, "B", unit_scale=True) as bar:

        def progress(done: int, total: int) -> None:
            if bar.total != total:
                bar.reset(total)
            bar.update(done - bar.n)

        folder = download.fetch(data.get(args.name), args.folder, progress=progress)
    value = {"data": args.name, "folder": str(folder)}
    output.emit(value, args.json, f"{args.name} is in {folder}")
