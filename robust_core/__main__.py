"""``python -m robust_core`` and ``robust-lab``: the commands of ``robust_core.commands``."""

import os
import sys
from collections.abc import Sequence

from robust_core.commands.output import Stopped
from robust_core.commands.parser import build_parser


def robust_lab() -> int:
    """``robust-lab``, the command that pip installs."""
    return main(prog="robust-lab")


def main(arguments: Sequence[str] | None = None, *, prog: str = "python -m robust_core") -> int:
    """Run a command line; returns the exit status: 0, 2 for a mistake, 130 for Ctrl-C."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        parser = build_parser(arguments[0] if arguments else None, prog=prog)
        args, others = parser.parse_known_args(arguments)
        if others and "passed_on" not in args:
            parser.error(f"unrecognized arguments: {' '.join(others)}")
        args.passed_on = others
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
    except BrokenPipeError:  # the reader, such as ``head``, has closed the pipe
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
