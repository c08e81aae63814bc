"""``checked`` in a process of its own, so that a hostile file can end that and nothing else.

What comes back is plain: strings, numbers and tensors in a safetensors file. The server itself parses no
protobuf, and builds a network whose cost is known.
"""

import json
import os
import sys
import threading
from collections.abc import Callable

from torch import nn

from robust_core.apart import PACE, answer_of
from robust_core.zoo.own import child
from robust_core.zoo.own.checking import Checked
from robust_core.zoo.own.graph import Graph
from robust_core.zoo.own.network import GraphNetwork
from robust_core.zoo.own.trial import OneByOne
from robust_core.zoo.own.weights_file import network_of

SECONDS = 90
MEMORY = 3 * 2**30
STEP = 10.0
"""Seconds that one step of an attack may take: it is not interrupted."""
_one_at_a_time = threading.Lock()


def checked_apart(
    content: bytes,
    architecture: str | None = None,
    input_size: tuple[int, int] | None = None,
    *,
    seconds: int = SECONDS,
    memory: int = MEMORY,
    check: Callable[[], object] = lambda: None,
) -> Checked:
    """As ``checked``; ``check`` is called while it waits, and what it raises ends the process.

    One file at a time is checked; others wait. Raises ``ValueError`` as ``checked`` does, and for a file
    that takes more than ``seconds`` or ``memory`` bytes.
    """
    while not _one_at_a_time.acquire(timeout=PACE):
        check()
    try:
        answer, rest = _asked(content, architecture, input_size, seconds, memory, check)
    finally:
        _one_at_a_time.release()
    if answer["step"] > STEP:
        raise ValueError(
            f"One step of an attack takes {answer['step']:.0f} s on this machine; at most {STEP:.0f} s are "
            "allowed here. Use the command line for it"
        )
    if rest:
        read = GraphNetwork(Graph.from_bytes(rest))
        graph: Graph | None = read.graph
        network: nn.Module = OneByOne(read) if answer["one_by_one"] else read
    else:
        graph, network = None, network_of(content, str(architecture), input_size)
    return Checked(
        network,
        answer["channels"],
        (answer["size"][0], answer["size"][1]),
        answer["classes"],
        answer["work"],
        answer["sha256"],
        tuple(answer["notes"]),
        graph,
        answer["values"],
    )


def _asked(
    content: bytes,
    architecture: str | None,
    size: tuple[int, int] | None,
    seconds: int,
    memory: int,
    check: Callable[[], object],
) -> tuple[dict, bytes]:
    """What the process says, and the graph. Raises ``ValueError`` with its sentence."""
    asked = {"architecture": architecture, "size": size, "seconds": seconds, "memory": memory}
    try:
        status, said = answer_of(
            [sys.executable, "-P", child.__file__],
            json.dumps(asked).encode() + b"\n" + content,
            2 * seconds,  # it bounds its own computing; this is for one that waits
            check,
            {**os.environ, "OMP_NUM_THREADS": "1"},
        )
    except TimeoutError:
        status, said = -1, b""
    line, _, rest = said.partition(b"\n")
    room = f"{memory / 2**30:.2g} GB of memory"
    if status not in (0, child.FAILED) or not line:
        raise ValueError(
            f"Checking the model takes more than {seconds} seconds or {room}, so it was given up"
        )
    answer = json.loads(line)
    if status == child.FAILED:
        if answer["memory"]:
            raise ValueError(f"The model needs more than {room}")
        raise ValueError(answer["sentence"])
    return answer, rest
