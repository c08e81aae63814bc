"""ONNX files made in a test: exported from a network, or node by node."""

import io
import warnings
from collections.abc import Sequence

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

OPSET = 20


def exported(
    network: nn.Module, shape: tuple[int, ...], *, any_number: bool = True, **options
) -> bytes:
    """``network`` for pictures ``[C, H, W]`` as torch's exporter writes it."""
    file = io.BytesIO()
    axes = {"dynamic_axes": {"x": {0: "n"}}} if any_number else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network.eval(),
            (torch.rand(1, *shape),),
            file,
            dynamo=False,
            input_names=["x"],
            **axes,
            **options,
        )
    return file.getvalue()


def graph(
    nodes: Sequence[onnx.NodeProto],
    constants: dict[str, np.ndarray] | None = None,
    *,
    output: str = "y",
    shape: Sequence[int | str] = ("n", 3, 8, 8),
    opset: int = OPSET,
    kind: int = TensorProto.FLOAT,
) -> onnx.ModelProto:
    """A model of ``nodes`` from the pictures ``x`` to ``output``."""
    return helper.make_model(
        helper.make_graph(
            nodes,
            "made in a test",
            [helper.make_tensor_value_info("x", kind, shape)],
            [helper.make_tensor_value_info(output, TensorProto.FLOAT, None)],
            [numpy_helper.from_array(value, name) for name, value in (constants or {}).items()],
        ),
        opset_imports=[helper.make_opsetid("", opset)],
        ir_version=10,
    )


def node(op: str, inputs: str = "x", output: str = "y", **attributes) -> onnx.NodeProto:
    """One operation; ``inputs`` and ``output`` are names with spaces between them."""
    names = ["" if name == "-" else name for name in inputs.split()]
    return helper.make_node(op, names, output.split(), **({"name": f"the {op}"} | attributes))


def classifier(**changes) -> onnx.ModelProto:
    """A dense layer behind a flattening: 8 x 8 RGB to 4 logits."""
    weights = np.random.default_rng(0).normal(size=(4, 192)).astype(np.float32)
    nodes = [node("Flatten", "x", "flat"), node("Gemm", "flat w", "y", transB=1)]
    return graph(nodes, {"w": weights}, **changes)


def answers(content: bytes, pictures: Tensor) -> Tensor:
    """What onnxruntime answers."""
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return torch.from_numpy(session.run(None, {session.get_inputs()[0].name: pictures.numpy()})[0])
