"""A ``Graph`` as a module of torch: differentiable, on any device, for any number of pictures.

Values are of two kinds. Pictures, weights and what is computed from them are tensors on the model's device.
Sizes, places and bounds are ``Host`` values: small tensors on the CPU that depend on shapes alone. Where a
shape would depend on a picture's pixels there is no such value, and the file is refused.
"""

from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from robust_core.zoo.own.graph import CONSTANT, Graph, Node
from robust_core.zoo.own.operators import TABLE, Operator, Settings
from robust_core.zoo.own.operators.table import moved, room, single

MOST_PLACES = 2**20
NOT_READ = (
    "The file uses {what}, which {verb} not read here. Read are: {known}. Change {those} before the "
    "export, or give the network in Python: Classifier(network, ...)"
)


class Host:
    """A value that depends on shapes alone, on the CPU."""

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor


class GraphNetwork(nn.Module):
    """The network of an ONNX file. Pictures ``[N, C, H, W]``, normalised as it wants them, to ``[N, K]``.

    Raises ``ValueError`` for operators that are not in the table, all of them named.
    """

    def __init__(self, graph: Graph) -> None:
        super().__init__()
        _check_operators(graph)
        self.graph = graph
        self.layers = nn.ModuleDict()
        self._weights: dict[str, str] = {}
        self._host: dict[str, Host] = {}
        self._set = [_settings(graph, node) for node in graph.nodes]
        self._calls = [self._call(k, node) for k, node in enumerate(graph.nodes)]
        self._last = _last_uses(graph)
        deciding = {
            node.inputs[place]
            for node in graph.nodes
            for place in TABLE[node.op].static
            if place < len(node.inputs)
        }
        for node, layer in zip(graph.nodes, self._calls, strict=True):
            used = node.inputs[:1] if layer is not None else node.inputs
            for name in used:
                if name in graph.constants:
                    self._keep(name, graph.constants[name], name in deciding)
        # The weights are this module's now, in whatever dtype and on whatever device it is.
        self.graph = replace(graph, constants={})
        self.eval()

    def _keep(self, name: str, value: Tensor, deciding: bool) -> None:
        """A constant: numbers that are whole, alone, or ``deciding`` a shape for the host, all else a
        weight."""
        if name in self._weights or name in self._host:
            return
        if value.is_floating_point() and value.numel() > 1 and not deciding:
            self._weights[name] = f"weight_{len(self._weights)}"
            self.register_parameter(self._weights[name], nn.Parameter(value, requires_grad=False))
        else:
            self._host[name] = Host(value)

    def _call(self, number: int, node: Node) -> str | None:
        """The name of the layer of an operation; None for a function."""
        operator = TABLE[node.op]
        constants = [self.graph.constants.get(name) for name in node.inputs[1:] if name]
        if operator.layer is None or any(x is None for x in constants) or not node.inputs:
            return None
        if node.inputs[0] in self.graph.constants or len([o for o in node.outputs if o]) > 1:
            return None
        with _saying(node):
            made = operator.layer(self._set[number], *constants)
        if made is None:
            return None
        self.layers[str(number)] = made
        return str(number)

    def forward(self, x: Tensor) -> Tensor:
        return self.run(x)

    def run(self, x: Tensor, *, naming: bool = False) -> Tensor:
        """``forward``; ``naming``: what an operation raises becomes a ``ValueError`` with its name."""
        values: dict[str, Any] = {self.graph.input: x} | self._host
        values |= {name: getattr(self, own) for name, own in self._weights.items()}
        naming = naming or not isinstance(x, Tensor)  # whoever reads the graph by a stand-in
        steps = zip(self.graph.nodes, self._set, self._calls, self._last, strict=True)
        for node, settings, layer, done in steps:
            with _saying(node) if naming else nullcontext():
                if layer is not None:
                    results: Any = self.layers[layer](values[node.inputs[0]])
                else:
                    results = _asked(TABLE[node.op], settings, node, values)
            made = results if isinstance(results, tuple) else (results,)
            values.update(zip(node.outputs, made, strict=False))
            for name in done:
                values.pop(name, None)
        return values[self.graph.output]


def _settings(graph: Graph, node: Node) -> Settings:
    """The attributes of an operation, tensors among them as tensors."""
    values = {
        key: graph.constants.get(value, value)
        if isinstance(value, str) and value.startswith(CONSTANT)
        else value
        for key, value in node.attributes.items()
    }
    return Settings(values | {"_outputs": len(node.outputs)}, graph.opset)


def _asked(operator: Operator, settings: Settings, node: Node, values: dict[str, Any]) -> Any:
    """What an operation gives; a ``Host`` value where all that it is given are."""
    given = [values[name] if name else None for name in node.inputs]
    device = next((v for v in given if v is not None and not isinstance(v, Host)), None)
    arguments = []
    for place, value in enumerate(given):
        if place in operator.static:
            arguments.append(_static(value, node))
        elif not isinstance(value, Host):
            arguments.append(value)
        elif device is None:
            arguments.append(value.tensor)
        else:
            arguments.append(
                moved(single(value.tensor) if _takes_numbers(node) else value.tensor, device)
            )
    if device is None:
        _check_room(node, arguments)
    results = operator.run(settings, *arguments)
    if device is not None and node.op not in ("Shape", "Size"):
        return results
    made = results if isinstance(results, tuple) else (results,)
    return tuple(Host(each) for each in made)


def _check_room(node: Node, arguments: list[Any]) -> None:
    """Raise ``ValueError`` where host values together would become too large a tensor."""
    tensors = [x for x in arguments if isinstance(x, Tensor)]
    if node.op == "Einsum":
        raise ValueError("it is a product of sizes")
    if node.op == "Concat":
        room([sum(x.numel() for x in tensors)])
    elif len(tensors) > 1 and node.op != "ScatterND":
        room(torch.broadcast_shapes(*(x.shape for x in tensors)))


def _takes_numbers(node: Node) -> bool:
    """Whether Python's numbers will do instead of tensors."""
    return node.op in ("Add", "Sub", "Mul", "Div", "Pow", "Equal", "Less", "Greater")


def _static(value: Any, node: Node) -> Any:
    if value is None:
        return None
    if not isinstance(value, Host):
        raise ValueError(
            f"The operation {node.name!r} ({node.op}) depends on the pixels of the picture for a shape or "
            "a place, which is not read here"
        )
    if value.tensor.numel() > MOST_PLACES:
        raise ValueError(
            f"The operation {node.name!r} ({node.op}) lists {value.tensor.numel():,} places; at most "
            f"{MOST_PLACES:,} are read"
        )
    return value.tensor.tolist()


def _last_uses(graph: Graph) -> list[list[str]]:
    """For each operation the values that are not needed after it."""
    seen = {graph.output}
    found: list[list[str]] = []
    for node in reversed(graph.nodes):
        names = {name for name in (*node.inputs, *node.outputs) if name} - seen
        found.append(sorted(names))
        seen |= names
    return found[::-1]


def _check_operators(graph: Graph) -> None:
    """Raise ``ValueError`` naming every operator that is not read."""
    unknown = sorted({node.op for node in graph.nodes} - TABLE.keys())
    if unknown:
        several = len(unknown) > 1
        raise ValueError(
            NOT_READ.format(
                what=f"the operator{'s' * several} {', '.join(unknown)}",
                verb="are" if several else "is",
                known=", ".join(sorted(TABLE)),
                those="them" if several else "it",
            )
        )


class _saying:
    """Errors inside as one sentence that names the operation."""

    def __init__(self, node: Node) -> None:
        self.node = node

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, Exception):
            said = str(error).strip().split("\n")[0]
            raise ValueError(
                f"The operation {self.node.name!r} ({self.node.op}) cannot be done: {said}"
            ) from error
