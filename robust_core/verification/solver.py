"""One mixed-integer linear program, solved by HiGHS: here, or in a process of its own (``solving``).

This file runs by itself, without the rest of the package: it then reads programs from stdin, one after
another, and writes what it found to stdout, with the processor time that it took. A message is its length
and the arrays as an npz file; no pickle is written or read.
"""

import os
import queue
import struct
import sys
import threading
import time
from collections.abc import Mapping
from io import BytesIO
from typing import IO

import numpy as np

PRESOLVE = False
"""With presolve, and variables as they come, HiGHS of scipy 1.17 was seen to end with a value and a dual
bound 1e-3 above the true minimum: a wrong proof. Centred, scaled, without presolve, it is right.
"""
LENGTH = struct.Struct("<Q")
IDLE = 60.0
"""Seconds without a program after which the process ends."""
READY = b"ready"

Arrays = Mapping[str, np.ndarray]


def solve(problem: Arrays, seconds: float) -> Arrays:
    """The least ``cost x`` where ``low <= x <= 1``, ``matrix x >= floor``, and ``integers`` are whole.

    ``seconds`` is the time after which the best so far is returned: ``status`` 0 says that it is the
    minimum, ``bound`` is certified, NaN without one; ``x`` and ``value`` are there where a point was found.
    ``nodes`` counts the branches.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    found = milp(
        problem["cost"],
        integrality=problem["integers"],
        bounds=Bounds(problem["low"], 1),
        constraints=LinearConstraint(problem["matrix"], lb=problem["floor"])
        if len(problem["floor"])
        else (),
        options={"mip_rel_gap": 0.0, "presolve": PRESOLVE, "time_limit": max(seconds, 1e-3)},
    )
    bound = getattr(found, "mip_dual_bound", None)
    if bound is None and found.status == 0:  # no integers: a linear program, solved
        bound = found.fun
    answer = {
        "status": found.status,
        "bound": np.nan if bound is None else bound,
        "nodes": getattr(found, "mip_node_count", 0) or 0,
    }
    if found.x is not None:
        answer |= {"x": found.x, "value": found.fun}
    return {name: np.asarray(value) for name, value in answer.items()}


def packed(arrays: Arrays) -> bytes:
    """``arrays`` as the bytes of an npz file."""
    file = BytesIO()
    np.savez(file, **arrays)  # type: ignore[arg-type]  # its stub takes the names for options
    return file.getvalue()


def unpacked(content: bytes) -> Arrays:
    """The arrays in the bytes of an npz file."""
    with np.load(BytesIO(content), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def send(pipe: IO[bytes], content: bytes) -> None:
    """Write one message. Raises ``OSError`` where nobody reads any more."""
    pipe.write(LENGTH.pack(len(content)))
    pipe.write(content)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes | None:
    """Read one message; None where the other side has ended."""
    head = pipe.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    content = pipe.read(length)
    return content if len(content) == length else None


def _read(waiting: "queue.Queue[bytes]") -> None:
    """Pass on what comes in; end the process, even at work, once the sender has ended."""
    while (content := receive(sys.stdin.buffer)) is not None:
        waiting.put(content)
    os._exit(0)


def main() -> None:
    """Answer until nothing more comes."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not come between
    waiting: queue.Queue[bytes] = queue.Queue()
    threading.Thread(target=_read, args=(waiting,), daemon=True).start()
    import scipy.optimize  # noqa: F401  # before the clock of a program runs

    send(output, READY)
    while True:
        try:
            problem = dict(unpacked(waiting.get(timeout=IDLE)))
        except queue.Empty:
            os._exit(0)
        seconds = float(problem.pop("seconds"))
        begun = time.process_time()
        answer = solve(problem, seconds)
        send(output, packed({**answer, "processor": np.asarray(time.process_time() - begun)}))


if __name__ == "__main__":
    main()
