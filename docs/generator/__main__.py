"""``python -m docs.generator``: write the generated parts, or check them."""

import argparse
import sys

from docs.generator.blocks import ROOT, outdated


def main() -> int:
    """The exit status: 1 where ``--check`` finds something out of date."""
    parser = argparse.ArgumentParser(prog="python -m docs.generator", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing")
    check = parser.parse_args().check
    found = outdated()
    for path, text in found.items():
        if not check:
            path.write_text(text, encoding="utf-8")
        print(path.relative_to(ROOT), "is out of date" if check else "written")
    return int(check and bool(found))


if __name__ == "__main__":
    sys.exit(main())
