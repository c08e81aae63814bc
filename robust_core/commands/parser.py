"""The parser of the command line: the commands, and the options of the one that is asked for."""

import argparse
import importlib
from collections.abc import Collection
from typing import NoReturn

COMMANDS = {
    "app": "open the dashboard in the browser",
    "attack": "attack one picture and say what happened",
    "evaluate": "accuracy under attack on a test set",
    "verify": "prove that no change within a radius fools a model",
    "evaluate-detectors": "how well the bundled detectors find adversarial pictures",
    "train": "train a bundled model",
    "data": "data sets: download, where, list",
    "models": "list the models, with what each sees and needs",
    "lessons": "list the lessons, or write the teacher's sheet of them",
}
SHARED = ("evaluate", "evaluate-detectors", "train")
"""Those that torch's launcher may start in many processes."""


class Parser(argparse.ArgumentParser):
    """Turns mistakes into ``ValueError``, so that all of them end in one line and status 2."""

    def __init__(self, **options) -> None:
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def build_parser(
    command: str | None = None, *, prog: str = "python -m robust_core", whole: bool = False
) -> Parser:
    """The parser of all commands.

    Only ``command`` gets its options, as some need slow imports; ``whole``: each command gets its own,
    as documentation needs them. ``prog`` is what the user typed to get here.
    """
    parser = Parser(
        prog=prog,
        description="Adversarial examples: attack, evaluate, train.",
        epilog="Each command has its own --help.",
    )
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    detailed: Collection[str | None] = COMMANDS if whole else {command}
    for name, summary in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=summary.capitalize() + ".")
        if name in detailed:
            module = importlib.import_module(f"robust_core.commands.{name.replace('-', '_')}")
            module.configure(sub)
            sub.set_defaults(run=module.run)
    return parser
