"""The process that downloads one file from the hub, by the hub's own library, and can be ended at any time.

This file runs by itself (``hub_apart``). It reads one line of JSON from stdin and writes one to stdout.
"""

import json
import sys


def main() -> None:
    """Download, and say where the file lies, or what went wrong."""
    asked = json.loads(sys.stdin.readline())
    try:
        from huggingface_hub import hf_hub_download

        said = {"path": hf_hub_download(asked["repository"], asked["file"])}
    except Exception as error:  # the parent makes a sentence of whatever it is
        said = {"kind": type(error).__name__, "said": str(error)}
    print(json.dumps(said))


if __name__ == "__main__":
    main()
