"""From a module to affine maps and ReLUs, layer by layer; what cannot be expressed so is refused."""

import operator
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import fx, nn

from robust_core.classifier import Classifier
from robust_core.modes import evaluating
from robust_core.verification.affine import Scale, Shape
from robust_core.verification.building import Builder, Refusal
from robust_core.verification.graphs import shapes, traced
from robust_core.verification.layers import LAYERS, max_pool, pool_of_averages
from robust_core.verification.network import Network
from robust_core.verification.plain import check_plain

IDENTITIES = {"to", "float", "double", "contiguous", "clone", "detach"}
RESHAPES = {"flatten", "view", "reshape", "squeeze", "unsqueeze"}
FUNCTIONS: dict[Any, str] = {
    torch.relu: "relu",
    torch.relu_: "relu",
    F.relu: "relu",
    torch.flatten: "flatten",
    torch.reshape: "reshape",
    torch.squeeze: "squeeze",
    torch.mean: "mean",
    torch.add: "add",
    operator.add: "add",
    operator.iadd: "add",
    torch.sub: "sub",
    operator.sub: "sub",
    torch.mul: "mul",
    operator.mul: "mul",
    torch.div: "div",
    operator.truediv: "div",
    operator.neg: "neg",
    torch.neg: "neg",
    F.max_pool2d: "max_pool2d",
    F.avg_pool2d: "avg_pool2d",
    F.adaptive_avg_pool2d: "adaptive_avg_pool2d",
    F.dropout: "dropout",
}


def compile_network(
    model: object, size: Shape, dtype: torch.dtype | None = torch.float64
) -> Network:
    """``model`` as a ``Network`` for pictures of ``size`` ``[C, H, W]``, as it is in eval mode.

    A ``Classifier``'s normalisation is its first layer. Dense layers, convolutions, batch normalisation
    (folded), ReLU, pooling by averages and by maxima, residual sums, flattening, and arithmetic with
    constants can be compiled; max pooling becomes ReLUs, by max(a, b) = b + ReLU(a - b).

    ``dtype`` None keeps the weights themselves: what is computed then has gradients for them.

    Raises:
        ValueError: the model is not a module, or has a layer of another kind, weights in half precision or
            a hook, which the sentence names.
    """
    if not isinstance(model, nn.Module):
        raise Refusal(
            f"model must be a torch module, whose layers can be read; got {type(model).__name__}"
        )
    builder = Builder(tuple(size))
    value = 0
    module = model
    if isinstance(model, Classifier):
        if type(model).forward is not Classifier.forward or not isinstance(
            model.network, nn.Module
        ):
            raise Refusal(
                f"model must be a network alone: {type(model).__name__} changes what its network is "
                "given or gives, and that cannot be compiled"
            )
        if len(size) != 3 or size[0] % model.channels:
            raise Refusal(f"images must have {model.channels} channels; got size {list(size)}")
        std, mean = (x.detach()[0] for x in (model.std, model.mean))
        value = builder.affine("normalisation", value, Scale(1 / std, -mean / std, tuple(size)))
        module = model.network
    check_plain(model)
    with evaluating(module):
        _Reader(builder, module, value).read()
    network = builder.network()
    return network if dtype is None else network.to(dtype)


class _Reader:
    """Walks the graph of a module and adds its layers to a builder."""

    def __init__(self, builder: Builder, module: nn.Module, start: int) -> None:
        self.builder = builder
        self.start = start
        self.graph = traced(module)
        self.shapes = shapes(self.graph, builder.shape_of(start))
        self.values: dict[fx.Node, int] = {}

    def read(self) -> None:
        graph = self.graph.graph
        inputs = [node for node in graph.nodes if node.op == "placeholder"]
        self.values[inputs[0]] = self.start
        for node in graph.nodes:
            if node.op == "output":
                self._finish(node.args[0])
            elif node.op == "call_module":
                self._module(node)
            elif node.op in ("call_function", "call_method") and self._depends(node):
                self._function(node)

    def _finish(self, node: object) -> None:
        if not isinstance(node, fx.Node) or node not in self.values:
            raise Refusal("model must return logits [N, K] alone, as one tensor")
        value = self.values[node]
        if len(self.builder.shape_of(value)) != 1:
            raise Refusal(
                f"model must return logits [N, K]; it returns {list(self.builder.shape_of(value))} "
                "for each picture"
            )
        self.builder.end(value)

    def _depends(self, node: fx.Node) -> bool:
        """Whether a node is computed from the picture, and is a tensor: sizes of tensors are not."""
        return node in self.shapes and any(n in self.values for n in node.all_input_nodes)

    def _module(self, node: fx.Node) -> None:
        layer = self.graph.get_submodule(str(node.target))
        name = f"{node.target} ({type(layer).__name__})"
        value = self.values[node.args[0]]  # type: ignore[index]
        for kind, make in LAYERS.items():
            if isinstance(layer, kind):
                self.values[node] = make(self.builder, name, value, layer)
                return
        raise Refusal.of(name)

    def _function(self, node: fx.Node) -> None:
        kind = node.target if node.op == "call_method" else FUNCTIONS.get(node.target, "")
        kind = str(kind).rstrip("_")
        name = (
            node.name if node.op == "call_method" else getattr(node.target, "__name__", node.name)
        )
        make = self._maker(kind)
        if make is None:
            raise Refusal.of(f"{name} (in {type(self.graph).__name__})")
        self.values[node] = make(node, kind)

    def _maker(self, kind: str) -> Callable[[fx.Node, str], int] | None:
        if kind in RESHAPES:
            return self._reshape
        if kind in IDENTITIES:
            return lambda node, kind: self._value(node.args[0])
        if kind in ("add", "sub", "mul", "div"):
            return self._arithmetic
        return getattr(self, f"_{kind}", None) if kind in KNOWN else None

    def _value(self, argument: object) -> int:
        if not isinstance(argument, fx.Node) or argument not in self.values:
            raise Refusal.of(str(argument))
        return self.values[argument]

    def _relu(self, node: fx.Node, kind: str) -> int:
        return self.builder.relu(node.name, self._value(node.args[0]))

    def _neg(self, node: fx.Node, kind: str) -> int:
        return self.builder.scale(node.name, self._value(node.args[0]), -1.0, 0.0)

    def _dropout(self, node: fx.Node, kind: str) -> int:
        training = node.kwargs.get("training", node.args[2] if len(node.args) > 2 else True)
        if training:
            raise Refusal(f"{node.name}: dropout that stays on in eval mode cannot be compiled")
        return self._value(node.args[0])

    def _reshape(self, node: fx.Node, kind: str) -> int:
        return self.builder.reshape(node.name, self._value(node.args[0]), self.shapes[node])

    def _mean(self, node: fx.Node, kind: str) -> int:
        value = self._value(node.args[0])
        before = self.builder.shape_of(value)
        axes = node.kwargs.get("dim", node.args[1] if len(node.args) > 1 else None)
        whole = isinstance(axes, list | tuple) and {int(a) % 4 for a in axes} == {2, 3}
        if len(before) != 3 or not whole:
            raise Refusal(f"{node.name}: a mean can be compiled over height and width only")
        pooled = pool_of_averages(self.builder, node.name, value, before[1:], before[1:], (0, 0))
        return self.builder.reshape(node.name, pooled, self.shapes[node])

    def _max_pool2d(self, node: fx.Node, kind: str) -> int:
        options = _options(node, ("kernel_size", "stride", "padding", "dilation", "ceil_mode"))
        return max_pool(self.builder, node.name, self._value(node.args[0]), **options)

    def _avg_pool2d(self, node: fx.Node, kind: str) -> int:
        layer = nn.AvgPool2d(
            **_options(
                node,
                AVERAGE_POOL,
            )
        )
        return LAYERS[nn.AvgPool2d](self.builder, node.name, self._value(node.args[0]), layer)

    def _adaptive_avg_pool2d(self, node: fx.Node, kind: str) -> int:
        layer = nn.AdaptiveAvgPool2d(**_options(node, ("output_size",)))
        return LAYERS[nn.AdaptiveAvgPool2d](
            self.builder, node.name, self._value(node.args[0]), layer
        )

    def _arithmetic(self, node: fx.Node, kind: str) -> int:
        """Sums and differences of two values, and arithmetic with a constant."""
        left, right = node.args[:2]
        if node.kwargs.get("alpha", 1) != 1 or node.kwargs.get("rounding_mode"):
            raise Refusal.of(f"{node.name} with options")
        both = [isinstance(x, fx.Node) and x in self.values for x in (left, right)]
        if all(both):
            if kind not in ("add", "sub"):
                raise Refusal.of(f"{node.name}, a product of two activations,")
            second = self._value(right)
            if kind == "sub":
                second = self.builder.scale(node.name, second, -1.0, 0.0)
            return self.builder.sum(node.name, self._value(left), second)
        value = self._value(left if both[0] else right)
        constant = self._constant(right if both[0] else left, value)
        if kind == "add":
            return self.builder.scale(node.name, value, 1.0, constant)
        if kind == "sub":
            signs = (1.0, -constant) if both[0] else (-1.0, constant)
            return self.builder.scale(node.name, value, *signs)
        if kind == "div" and not both[0]:
            raise Refusal.of(f"{node.name}, a division by an activation,")
        factor = 1 / constant if kind == "div" else constant
        return self.builder.scale(node.name, value, factor, 0.0)

    def _constant(self, argument: object, value: int) -> Any:
        """A number, or a tensor that broadcasts to the shape of one picture."""
        if isinstance(argument, int | float):
            return float(argument)
        if isinstance(argument, fx.Node) and argument.op == "get_attr":
            found: Any = self.graph
            for part in str(argument.target).split("."):
                found = getattr(found, part)
            shape = self.builder.shape_of(value)
            if found.ndim == len(shape) + 1 and found.shape[0] == 1:
                found = found[0]
            if found.ndim <= len(shape):
                return found
        raise Refusal.of(str(argument))


AVERAGE_POOL = (
    "kernel_size",
    "stride",
    "padding",
    "ceil_mode",
    "count_include_pad",
    "divisor_override",
)
KNOWN = {"relu", "neg", "dropout", "mean", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d"}


def _options(node: fx.Node, names: tuple[str, ...]) -> dict[str, Any]:
    """The arguments of a function by name, without the picture."""
    given = dict(zip(names, node.args[1:], strict=False)) | dict(node.kwargs)
    return {name: value for name, value in given.items() if name in names}
