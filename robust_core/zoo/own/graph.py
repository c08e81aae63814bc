"""A network as a plain list of operations with its weights: what an ONNX file is read into.

It holds strings, numbers and tensors only, and goes through a pipe as a safetensors file, so that a file
of a stranger is parsed in one process and used in another.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor

CONSTANT = "constant:"
"""How an attribute that is a tensor names it."""


@dataclass(frozen=True)
class Node:
    """One operation: which, from which values, to which, and its settings."""

    op: str
    name: str
    inputs: tuple[str, ...]
    """Names of values; "" where an optional one is left out."""
    outputs: tuple[str, ...]
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """Operations in an order in which each finds its inputs, from one picture input to one output."""

    nodes: tuple[Node, ...]
    constants: dict[str, Tensor]
    input: str
    output: str
    opset: int
    shape: tuple[int | None, ...]
    """Of the input as the file declares it ``(N, C, H, W)``; None where it may be any."""
    ending: str | None = None
    """The softmax at its end that was left out: attacks and verification ask for the logits before it."""

    def to_bytes(self) -> bytes:
        """As a safetensors file."""
        from safetensors.torch import save

        values = {name: value for name, value in asdict(self).items() if name != "constants"}
        # Two names may share memory, and the format keeps one name for itself.
        tensors = {f":{name}": x.clone().contiguous() for name, x in self.constants.items()}
        return save(tensors, {"graph": json.dumps(values)})

    @classmethod
    def from_bytes(cls, content: bytes) -> "Graph":
        """The graph that ``to_bytes`` wrote."""
        from safetensors.torch import load

        length = int.from_bytes(content[:8], "little")
        values = json.loads(json.loads(content[8 : 8 + length])["__metadata__"]["graph"])
        nodes = tuple(
            Node(n["op"], n["name"], tuple(n["inputs"]), tuple(n["outputs"]), n["attributes"])
            for n in values.pop("nodes")
        )
        shape = tuple(values.pop("shape"))
        constants = {name[1:]: x for name, x in load(content).items()}
        return cls(nodes=nodes, constants=constants, shape=shape, **values)

    def count(self) -> int:
        """How many weights it has."""
        return sum(x.numel() for x in self.constants.values() if x.dtype == torch.float32)
