"""From the bytes of an ONNX file to a ``Graph``: anything wrong with it becomes one sentence.

Sizes are checked before memory is taken: a tensor that declares more than its file holds is refused by its
declaration. The operations themselves are in ``operators``; here they are names.
"""

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from robust_core.zoo.own import wire
from robust_core.zoo.own.graph import CONSTANT, Graph, Node

if TYPE_CHECKING:
    import onnx

INSTALL = "Models in ONNX files need two more packages: pip install 'robust-lab[onnx]'"
FLOATS = {"FLOAT": np.float32, "DOUBLE": np.float64, "FLOAT16": np.float16}
WHOLE = {"INT64": np.int64, "INT32": np.int32, "INT8": np.int8, "UINT8": np.uint8, "BOOL": np.bool_}
KINDS = FLOATS | WHOLE
"""The types of numbers that are read; floats become float32, whole numbers int64."""
OPSETS = range(9, 27)
ALIASES = ("Identity", "Dropout")
ENDS = ("Softmax", "LogSoftmax")


def read(content: bytes) -> Graph:
    """The graph in an ONNX file.

    Raises ``ValueError``, in one sentence, for a file that is cut off, holds external data, a tensor
    larger than itself, values that are not finite, a circle of operations, another domain's operators, or
    not one picture in and one row of logits out.
    """
    model = parsed(content)
    graph = model.graph
    opset = _opset(model)
    constants: dict[str, Tensor] = {}
    for tensor in graph.initializer:
        constants[tensor.name] = tensor_of(tensor, tensor.name)
    shape, entry = _input(graph, constants)
    nodes = _nodes(graph, constants)
    ordered = _ordered(nodes, {entry, *constants})
    if len(graph.output) != 1:
        named = ", ".join(each.name for each in graph.output)
        raise ValueError(
            f"The network must have one output, its logits; it has {len(graph.output)} ({named}). Export "
            "it again with the logits alone"
        )
    return _trimmed(ordered, constants, entry, graph.output[0].name, opset, shape)


def parsed(content: bytes) -> "onnx.ModelProto":
    """The protobuf, once its outside was looked at. Raises ``ValueError``; see ``read``."""
    wire.check(content)
    try:
        import onnx
    except ImportError as error:
        raise ValueError(INSTALL) from error
    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except (
        Exception
    ) as error:  # the protobuf library's own kind, which its versions call differently
        raise ValueError(wire.DAMAGED) from error
    if not model.graph.node:
        raise ValueError("The ONNX file holds no operations, so it is not a network")
    return model


def _opset(model: "onnx.ModelProto") -> int:
    """The version of ONNX's own operators."""
    versions = {each.domain: each.version for each in model.opset_import}
    opset = versions.get("", versions.get("ai.onnx", 0))
    if opset not in OPSETS:
        raise ValueError(
            f"The ONNX file has operators of version {opset}; {OPSETS.start} to {OPSETS.stop - 1} are "
            "read. Export it again with opset_version=18"
        )
    return opset


def tensor_of(tensor: "onnx.TensorProto", name: str) -> Tensor:
    """Its numbers as float32, int64 or bool. Raises ``ValueError`` as ``read`` does."""
    import onnx

    if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
        raise ValueError(
            f"The weights {name!r} lie in another file (external data): export everything into one, "
            "torch.onnx.export(..., external_data=False), or onnx.save(onnx.load(FILE), NEW_FILE)"
        )
    kind = onnx.TensorProto.DataType.Name(tensor.data_type)
    if kind not in KINDS:
        raise ValueError(f"The weights {name!r} are {kind}, which is not read: export in float32")
    size = math.prod(tensor.dims)
    width = np.dtype(KINDS[kind]).itemsize
    held = _held(tensor, width)
    if any(d < 0 for d in tensor.dims) or size != held:
        raise ValueError(
            f"The weights {name!r} declare {list(tensor.dims)} numbers ({_bytes(size * width)}) and the "
            f"file holds {held:,}: it is cut off or damaged"
        )
    values = onnx.numpy_helper.to_array(tensor)
    if kind not in FLOATS:
        return torch.from_numpy(values.astype(np.bool_ if kind == "BOOL" else np.int64))
    with np.errstate(over="ignore"):
        numbers = torch.from_numpy(values.astype(np.float32))
    if numbers.isnan().any():  # infinities are the masks of transformers
        raise ValueError(
            f"The weights {name!r} hold values that are not numbers (NaN): the training has diverged, or "
            "the file is damaged"
        )
    return numbers


def _held(tensor: "onnx.TensorProto", width: int) -> int:
    """How many numbers a tensor really holds."""
    if tensor.HasField("raw_data"):
        whole, rest = divmod(len(tensor.raw_data), width)
        return -1 if rest else whole
    return max(
        len(tensor.float_data),
        len(tensor.int32_data),
        len(tensor.int64_data),
        len(tensor.double_data),
        len(tensor.uint64_data),
    )


def _bytes(count: int) -> str:
    for size, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= size:
            return f"{count / size:,.0f} {unit}"
    return f"{count} bytes"


def _input(
    graph: "onnx.GraphProto", constants: dict[str, Tensor]
) -> tuple[tuple[int | None, ...], str]:
    """The declared shape of the pictures, and the name of their value."""
    import onnx

    entries = [each for each in graph.input if each.name not in constants]
    if len(entries) != 1:
        named = ", ".join(each.name for each in entries)
        raise ValueError(
            f"The network must have one input, pictures; it has {len(entries)} ({named or 'none'})"
        )
    described = entries[0].type.tensor_type
    kind = onnx.TensorProto.DataType.Name(described.elem_type)
    shape = tuple(
        d.dim_value if d.HasField("dim_value") and d.dim_value > 0 else None
        for d in described.shape.dim
    )
    if kind != "FLOAT" or len(shape) != 4:
        raise ValueError(
            f"The network must take float32 pictures [N, C, H, W]; it takes {kind} of {len(shape)} "
            "dimensions"
        )
    return shape, entries[0].name


def _nodes(graph: "onnx.GraphProto", constants: dict[str, Tensor]) -> list[Node]:
    """All operations but constants, which join ``constants``, with plain attributes."""
    found = []
    for number, node in enumerate(graph.node):
        name = node.name or f"{node.op_type} {number}"
        op = node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"
        attributes: dict[str, Any] = {}
        for each in node.attribute:
            attributes[each.name] = _attribute(each, f"{CONSTANT}{number}.{each.name}", constants)
        if op == "Constant":
            constants[node.output[0]] = _constant(attributes, constants)
            continue
        found.append(Node(op, name, tuple(node.input), tuple(node.output), attributes))
    return found


def _attribute(each: "onnx.AttributeProto", name: str, constants: dict[str, Tensor]) -> Any:
    """Numbers, strings and lists of them as they are; a tensor joins the constants."""
    import onnx

    value = onnx.helper.get_attribute_value(each)
    if isinstance(value, onnx.TensorProto):
        constants[name] = tensor_of(value, name.removeprefix(CONSTANT))
        return name
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, int | float):
        return value
    return [v.decode("utf-8", "replace") if isinstance(v, bytes) else v for v in value]


def _constant(attributes: dict[str, Any], constants: dict[str, Tensor]) -> Tensor:
    """The value of a Constant, by whichever attribute it is given."""
    for name, value in attributes.items():
        if name == "value":
            return constants.pop(value)
        if name in ("value_float", "value_floats"):
            return torch.tensor(value, dtype=torch.float32, device="cpu")
        if name in ("value_int", "value_ints"):
            return torch.tensor(value, dtype=torch.int64, device="cpu")
    raise ValueError(
        f"A Constant of the ONNX file has no number: {', '.join(attributes) or 'nothing'}"
    )


def _ordered(nodes: list[Node], known: set[str]) -> list[Node]:
    """Ordered so that each finds its inputs. Raises ``ValueError`` for cycles and missing values."""
    made: dict[str, Node] = {}
    for node in nodes:
        for output in filter(None, node.outputs):
            if output in made or output in known:
                raise ValueError(f"Two operations of the ONNX file make the value {output!r}")
            made[output] = node
    for node in nodes:
        for name in filter(None, node.inputs):
            if name not in made and name not in known:
                raise ValueError(
                    f"The operation {node.name!r} needs the value {name!r}, which is nowhere in the file: "
                    "it is damaged"
                )
    ordered: list[Node] = []
    there, waiting = set(known), list(nodes)
    while waiting:
        rest = []
        for node in waiting:  # files are in order as a rule: then one round is enough
            if all(name in there for name in node.inputs if name):
                ordered.append(node)
                there.update(node.outputs)
            else:
                rest.append(node)
        if len(rest) == len(waiting) or len(ordered) * len(rest) > 10_000_000:
            raise ValueError(
                f"The operations of the ONNX file go in a circle: {rest[0].name!r} needs its own result"
            )
        waiting = rest
    return ordered


def _trimmed(
    nodes: list[Node],
    constants: dict[str, Tensor],
    entry: str,
    output: str,
    opset: int,
    shape: tuple[int | None, ...],
) -> Graph:
    """Without what only hands a value on, a last softmax, and what the output does not need."""
    same: dict[str, str] = {}
    kept = []
    for node in nodes:
        inputs = tuple(same.get(name, name) for name in node.inputs)
        if node.op in ALIASES and len([o for o in node.outputs if o]) == 1:
            same[node.outputs[0]] = inputs[0]
        else:
            kept.append(Node(node.op, node.name, inputs, node.outputs, node.attributes))
    output = same.get(output, output)
    ending = None
    makers = {name: node for node in kept for name in node.outputs}
    last = makers.get(output)
    if last is not None and last.op in ENDS and last.attributes.get("axis", 1) in (1, -1):
        output = last.inputs[0]
        ending = last.op
    needed = {output}
    used = []
    for node in reversed(kept):
        if needed & set(node.outputs):
            used.append(node)
            needed.update(node.inputs)
            needed.update(v for v in node.attributes.values() if isinstance(v, str))
    if entry not in needed:
        raise ValueError(
            "The network's output does not depend on the picture: it is not a classifier"
        )
    constants = {name: x for name, x in constants.items() if name in needed}
    return Graph(tuple(reversed(used)), constants, entry, output, opset, shape, ending)
