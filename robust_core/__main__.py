"""``python -m robust_core``: the command line. Commands live in ``robust_core.commands``."""

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from robust_core.commands.output import Stopped

COMMANDS = {
    "attack": "attack one picture and say what happened",
    "evaluate": "accuracy under attack on a test set",
    "evaluate-detectors": "how well the bundled detectors tell adversarial pictures",
    "train": "train a bundled model",
    "data": "data sets: download, where, list",
}


class Parser(argparse.ArgumentParser):
    """Turns mistakes into ``ValueError``, so that all of them end in one line and status 2."""

    def __init__(self, **options) -> None:
        super().__init__(**options, allow_abbrev=False)

    def error(self, message: str) -> NoReturn:
        raise ValueError(message)


def build_parser(command: str | None) -> Parser:
    """The parser; only the options of ``command`` are made, as some need slow imports."""
    parser = Parser(
        prog="python -m robust_core",
        description="Adversarial examples: attack, evaluate, train.",
        epilog="Each command has its own --help.",
    )
    parser.set_defaults(run=None)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")
    for name, summary in COMMANDS.items():
        sub = commands.add_parser(name, help=summary, description=summary.capitalize() + ".")
        if name == command:
            module = importlib.import_module(f"robust_core.commands.{name.replace('-', '_')}")
            module.configure(sub)
            sub.set_defaults(run=module.run)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit status: 0, 2 for a mistake, 130 for Ctrl-C."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        parser = build_parser(arguments[0] if arguments else None)
        args = parser.parse_args(arguments)
        if args.run is None:
            parser.print_help()
        else:
            args.run(args)
        sys.stdout.flush()
    except SystemExit as end:  # argparse ends --help this way
        return int(end.code or 0)
    except Stopped as end:
        return _complain(str(end), 130)
    except KeyboardInterrupt:
        return _complain("stopped", 130)
    except BrokenPipeError:  # the reader, such as ``head``, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ValueError, OSError) as error:
        return _complain(f"error: {error}", 2)
    except RuntimeError as error:
        from robust_core.engine.memory import is_out_of_memory

        if not is_out_of_memory(error):
            raise
        return _complain("error: the memory is full; try --device cpu or a smaller --batch", 1)
    return 0


def _complain(message: str, status: int) -> int:
    print("robust_core:", " ".join(message.splitlines()), file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
