"""``python -m robust_core`` and ``robust-lab``: the commands of ``robust_core.commands``."""

import os
import sys
from collections.abc import Sequence

from robust_core import processes
from robust_core.commands.output import Stopped
from robust_core.commands.parser import SHARED, build_parser


def robust_lab() -> int:
    """``robust-lab``, the command that pip installs."""
    return main(prog="robust-lab")


def main(arguments: Sequence[str] | None = None, *, prog: str = "python -m robust_core") -> int:
    """Run a command line; returns the exit status: 0, 2 for a mistake, 130 for Ctrl-C.

    Of several processes the main one alone prints results and progress; each says what stopped it.
    """
    with processes.quiet():
        status, message = _ended(list(sys.argv[1:] if arguments is None else arguments), prog)
    if message:
        print(f"robust_core{processes.who()}:", " ".join(message.splitlines()), file=sys.stderr)
    return status


def _ended(arguments: list[str], prog: str) -> tuple[int, str]:
    """The exit status of a command, and what to say about its end: nothing, if it went well."""
    try:
        parser = build_parser(arguments[0] if arguments else None, prog=prog)
        args, others = parser.parse_known_args(arguments)
        if others and "passed_on" not in args:
            parser.error(f"unrecognized arguments: {' '.join(others)}")
        args.passed_on = others
        if args.run is None:
            parser.print_help()
        else:
            if processes.launched() and arguments[0] not in SHARED:
                parser.error(f"torchrun is for {', '.join(SHARED)}; {arguments[0]} has one process")
            args.run(args)
        sys.stdout.flush()
    except SystemExit as end:  # argparse ends --help this way
        return int(end.code or 0), ""
    except Stopped as end:
        return 130, str(end)
    except KeyboardInterrupt:
        return 130, "stopped"
    except BrokenPipeError:  # the reader, such as ``head``, has closed the pipe
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (ValueError, OSError) as error:
        return 2, f"error: {error}"
    except RuntimeError as error:
        from robust_core.engine.memory import is_out_of_memory

        if not is_out_of_memory(error):
            raise
        return 1, "error: the memory is full; try --device cpu or a smaller --batch"
    return 0, ""


if __name__ == "__main__":
    sys.exit(main())
