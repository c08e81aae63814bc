"""The process in which a stranger's file is checked: bounded in memory and time, and ended at any time.

This file runs by itself (``apart``). It reads one line of JSON and the file from stdin, and writes one line
of JSON, and for ONNX the graph that was read, to stdout.
"""

import json
import os
import sys
import time
from contextlib import suppress
from pathlib import Path

FAILED = 3
"""The exit status where the line holds a sentence."""


def bound(memory: int, seconds: int) -> None:
    """No more than ``memory`` bytes above what is used by now, and ``seconds`` of computing.

    Only where the system has such bounds; elsewhere the waiting process ends this one by the clock.
    """
    with suppress(ImportError, OSError, ValueError):
        import resource

        used = 2**30
        status = Path("/proc/self/status")
        for line in status.read_text().splitlines() if status.exists() else ():
            if line.startswith("VmData:"):
                used = 1024 * int(line.split()[1])
        resource.setrlimit(resource.RLIMIT_DATA, (used + memory,) * 2)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> int:
    """Check what comes in; the exit status."""
    asked = json.loads(sys.stdin.buffer.readline())
    content = sys.stdin.buffer.read()
    sys.path.insert(0, str(Path(__file__).resolve().parents[3]))
    output = os.dup(1)
    os.dup2(2, 1)  # what libraries print must not come between
    import torch

    from robust_core.zoo.own.checking import checked

    torch.set_num_threads(1)
    with suppress(ImportError):
        import onnxruntime  # noqa: F401
    bound(asked["memory"], asked["seconds"])
    size = asked["size"]
    graph = b""
    try:
        found = checked(content, asked["architecture"], None if size is None else tuple(size))
        picture = torch.zeros(
            1, found.channels, *found.size, dtype=torch.float32, device="cpu", requires_grad=True
        )
        begun = time.perf_counter()
        torch.autograd.grad(found.network(picture).sum(), picture)
        answer = {
            "channels": found.channels,
            "size": found.size,
            "classes": found.classes,
            "work": found.work,
            "values": found.values,
            "sha256": found.sha256,
            "notes": found.notes,
            "one_by_one": found.one_by_one,
            "step": time.perf_counter() - begun,
        }
        graph = found.graph.to_bytes() if found.graph is not None else b""
        status = 0
    except (ValueError, MemoryError, RuntimeError) as error:
        full = isinstance(error, MemoryError) or "alloc" in str(error).lower()
        answer = {"memory": full, "sentence": str(error).strip().split("\n")[0]}
        status = FAILED
    with os.fdopen(output, "wb") as pipe:
        pipe.write(json.dumps(answer).encode() + b"\n" + graph)
    return status


if __name__ == "__main__":
    code = main()
    os._exit(code)  # without the second that libraries take to end
