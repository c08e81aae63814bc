"""The graph of a module, and the shapes in it."""

import threading
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, fx, nn

from robust_core.verification.affine import Shape
from robust_core.verification.building import Refusal

_one_at_a_time = threading.Lock()


class _Tracer(fx.Tracer):
    """Leaves the other threads alone: while one traces, torch.fx replaces the calls of **all** modules."""

    def __init__(self) -> None:
        super().__init__()
        self.thread = threading.get_ident()

    def call_module(
        self,
        m: nn.Module,
        forward: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> Any:
        if threading.get_ident() != self.thread:
            return forward(*args, **kwargs)
        return super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        if threading.get_ident() != self.thread:
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)


def traced(module: nn.Module) -> fx.GraphModule:
    """The graph of a module. Raises ``ValueError`` where its path depends on the picture."""
    try:
        with _one_at_a_time:
            graph = _Tracer().trace(module)
    except Exception as error:  # whatever the module's own code raises on a stand-in for a tensor
        raise Refusal(
            f"{type(module).__name__} cannot be compiled: its layers cannot be listed without a picture "
            f"({str(error).splitlines()[0]})"
        ) from error
    return fx.GraphModule(module, graph, type(module).__name__)


class _Shapes(fx.Interpreter):
    """Runs a graph and keeps the shape of what each node gives for one picture."""

    def __init__(self, graph: fx.GraphModule) -> None:
        super().__init__(graph)
        self.found: dict[fx.Node, Shape] = {}

    def run_node(self, n: fx.Node) -> Any:
        result = super().run_node(n)
        if isinstance(result, Tensor) and result.ndim > 1 and len(result) == BATCH:
            self.found[n] = tuple(result.shape[1:])
        return result


BATCH = 3
"""Pictures that shapes are found with: no usual number of channels or classes by chance."""


def shapes(graph: fx.GraphModule, size: Shape) -> dict[fx.Node, Shape]:
    """The shape of one picture's value at each node; ``ValueError`` where such pictures do not fit."""
    first = next(graph.parameters(), torch.zeros((), dtype=torch.float32, device="cpu"))
    zeros = torch.zeros(BATCH, *size, dtype=first.dtype, device=first.device)
    reader = _Shapes(graph)
    try:
        with torch.no_grad():
            reader.run(zeros)
    except Exception as error:
        raise Refusal(
            f"images must be of a size that {type(graph).__name__} takes; with {list(size)} it says: "
            f"{str(error).splitlines()[0]}"
        ) from error
    return reader.found
