"""Each operator gives what onnxruntime gives, and is the same for a picture alone and in a batch."""

import numpy as np
import pytest
import torch

from robust_core.zoo.own.network import GraphNetwork
from robust_core.zoo.own.operators import TABLE
from robust_core.zoo.own.reader import read
from tests.onnx_files import answers, graph, node

RANDOM = np.random.default_rng(0)


def floats(*shape: int) -> np.ndarray:
    return RANDOM.normal(size=shape).astype(np.float32)


def ints(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def number(value: float) -> np.ndarray:
    return np.array(value, np.float32)


POSITIVE = [node("Abs", "x", "a"), node("Add", "a one", "p")]
ONE = {"one": number(0.1)}
UNARY = (
    "Neg",
    "Abs",
    "Exp",
    "Erf",
    "Floor",
    "Ceil",
    "Sign",
    "Sin",
    "Cos",
    "Sigmoid",
    "Tanh",
    "Relu",
)
UNARY += (
    "Softplus",
    "Softsign",
    "HardSwish",
    "Mish",
    "HardSigmoid",
    "LeakyRelu",
    "Elu",
    "Selu",
    "Celu",
)
UNARY += ("Gelu", "GlobalAveragePool", "GlobalMaxPool", "Identity")
CASES = {name: ([node(name)], {}) for name in UNARY}
CASES |= {
    f"{name} p": ([*POSITIVE, node(name, "p")], ONE) for name in ("Sqrt", "Log", "Reciprocal")
}
CASES |= {
    f"{name} {side}": ([node(name, inputs)], {"c": floats(3, 1, 1)})
    for name in ("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum")
    for side, inputs in (("right", "x c"), ("left", "c x"))
}
CASES |= {
    "Pow": ([node("Pow", "x c")], {"c": number(2)}),
    "Mod": ([node("Mod", "x c", fmod=1)], {"c": number(0.3)}),
    "PRelu": ([node("PRelu", "x c")], {"c": floats(3, 1, 1)}),
    "Gelu tanh": ([node("Gelu", approximate="tanh")], {}),
    "Softmax": ([node("Softmax", "x", "s"), node("Neg", "s")], {}),
    "LogSoftmax": ([node("LogSoftmax", "x", "s", axis=2), node("Neg", "s")], {}),
    "Softmax 1": ([node("Softmax", "x", "s", axis=1), node("Neg", "s")], {}),
    "Clip": ([node("Clip", "x low high")], {"low": number(-0.5), "high": number(0.5)}),
    "Clip above": ([node("Clip", "x - high")], {"high": number(0.5)}),
    "Where": (
        [node("Less", "x c", "m"), node("Not", "m", "k"), node("Where", "k x c")],
        {"c": number(0.2)},
    ),
    "comparisons": (
        [
            node("Greater", "x c", "a"),
            node("LessOrEqual", "x d", "b"),
            node("And", "a b", "m"),
            node("GreaterOrEqual", "x e", "f"),
            node("Or", "m f", "g"),
            node("Cast", "g", "y", to=1),
        ],
        {"c": number(-0.2), "d": number(0.3), "e": number(1)},
    ),
    "Conv": (
        [node("Conv", "x w b", strides=[2, 1], pads=[1, 2, 1, 2], dilations=[1, 2])],
        {"w": floats(4, 3, 3, 3), "b": floats(4)},
    ),
    "Conv groups": ([node("Conv", "x w", group=3)], {"w": floats(6, 1, 3, 3)}),
    "Conv uneven": ([node("Conv", "x w", pads=[0, 1, 2, 0])], {"w": floats(4, 3, 3, 3)}),
    "Conv same upper": (
        [node("Conv", "x w", auto_pad="SAME_UPPER", strides=[2, 2])],
        {"w": floats(4, 3, 3, 2)},
    ),
    "Conv same lower": ([node("Conv", "x w", auto_pad="SAME_LOWER")], {"w": floats(4, 3, 2, 2)}),
    "Conv valid": ([node("Conv", "x w", auto_pad="VALID")], {"w": floats(4, 3, 2, 2)}),
    "ConvTranspose": (
        [node("ConvTranspose", "x w", strides=[2, 2], pads=[1, 1, 1, 1], output_padding=[1, 1])],
        {"w": floats(3, 4, 3, 3)},
    ),
    "BatchNormalization": (
        [node("BatchNormalization", "x s b m v", epsilon=0.01)],
        {"s": floats(3), "b": floats(3), "m": floats(3), "v": np.abs(floats(3)) + 0.1},
    ),
    "BatchNormalization of two axes": (
        [node("Flatten", "x", "f"), node("BatchNormalization", "f s b m v")],
        {"s": floats(192), "b": floats(192), "m": floats(192), "v": np.abs(floats(192)) + 0.1},
    ),
    "BatchNormalization computed": (
        [node("Neg", "s", "t"), node("BatchNormalization", "x t b m v")],
        {"s": floats(3), "b": floats(3), "m": floats(3), "v": np.abs(floats(3)) + 0.1},
    ),
    "InstanceNormalization": (
        [node("InstanceNormalization", "x s b")],
        {"s": floats(3), "b": floats(3)},
    ),
    "LayerNormalization": (
        [node("LayerNormalization", "x s b", axis=-1, epsilon=0.01)],
        {"s": floats(8), "b": floats(8)},
    ),
    "LRN": ([node("LRN", size=3, alpha=0.5)], {}),
    "LpNormalization": ([node("LpNormalization", axis=1)], {}),
    "MaxPool": ([node("MaxPool", kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1])], {}),
    "MaxPool uneven": ([node("MaxPool", kernel_shape=[3, 3], pads=[0, 0, 1, 1])], {}),
    "MaxPool ceil": ([node("MaxPool", kernel_shape=[3, 3], strides=[2, 2], ceil_mode=1)], {}),
    "AveragePool": ([node("AveragePool", kernel_shape=[3, 3], pads=[1, 1, 1, 1])], {}),
    "AveragePool counted": (
        [node("AveragePool", kernel_shape=[2, 2], pads=[0, 0, 1, 1], count_include_pad=1)],
        {},
    ),
    "Gemm": (
        [node("Flatten", "x", "f"), node("Gemm", "f w b", alpha=0.5, beta=2.0)],
        {"w": floats(192, 5), "b": floats(5)},
    ),
    "Gemm layer": (
        [node("Flatten", "x", "f"), node("Gemm", "f w b", transB=1)],
        {"w": floats(5, 192), "b": floats(5)},
    ),
    "MatMul": ([node("MatMul", "x w")], {"w": floats(8, 5)}),
    "MatMul left": ([node("MatMul", "w x")], {"w": floats(5, 8)}),
    "Einsum": ([node("Einsum", "x w", equation="nchw,wk->nchk")], {"w": floats(8, 5)}),
    "CumSum": ([node("CumSum", "x a")], {"a": np.array(1, np.int64)}),
    "Flatten 2": ([node("Flatten", axis=2)], {}),
    "Reshape": ([node("Reshape", "x s")], {"s": ints(0, -1, 4)}),
    "Squeeze": ([node("ReduceSum", "x a", "r"), node("Squeeze", "r a")], {"a": ints(2)}),
    "Unsqueeze": ([node("Unsqueeze", "x a")], {"a": ints(-1, 1)}),
    "Transpose": ([node("Transpose", perm=[0, 2, 3, 1])], {}),
    "Concat": ([node("Neg", "x", "n"), node("Concat", "x n", axis=1)], {}),
    "Split": (
        [node("Split", "x s", "a b", axis=3), node("Concat", "b a", axis=3)],
        {"s": ints(3, 5)},
    ),
    "Split evenly": (
        [node("Split", "x", "a b", axis=2, num_outputs=2), node("Sub", "a b")],
        {},
    ),
    "Slice": (
        [node("Slice", "x s e a t")],
        {"s": ints(1, -3), "e": ints(7, 100), "a": ints(2, 3), "t": ints(2, 1)},
    ),
    "Slice backwards": (
        [node("Slice", "x s e a t")],
        {"s": ints(-1), "e": ints(-(2**31)), "a": ints(3), "t": ints(-2)},
    ),
    "Gather": ([node("Gather", "x i", axis=3)], {"i": np.array([[0, -1], [2, 3]], np.int64)}),
    "Gather one": ([node("Gather", "x i", axis=1)], {"i": np.array(-1, np.int64)}),
    "ScatterND": (
        [node("ScatterND", "c i u", "s"), node("Add", "x s")],
        {"c": floats(8), "i": np.array([[1], [5]], np.int64), "u": floats(2)},
    ),
    "Tile": ([node("Tile", "x t")], {"t": ints(1, 2, 1, 3)}),
    "Expand": (
        [node("GlobalAveragePool", "x", "g"), node("Expand", "g s")],
        {"s": ints(1, 1, 4, 2)},
    ),
    "Pad": ([node("Pad", "x p v")], {"p": ints(0, 0, 1, 2, 0, 0, 3, 0), "v": number(0.5)}),
    "Pad reflected": (
        [node("Pad", "x p", mode="reflect")],
        {"p": ints(0, 0, 1, 2, 0, 0, 3, 0)},
    ),
    "Pad axes": ([node("Pad", "x p - a")], {"p": ints(1, 2), "a": ints(3)}),
    "shapes": (
        [
            node("Shape", "x", "s"),
            node("Gather", "s zero", "n"),
            node("Unsqueeze", "n axis", "u"),
            node("Concat", "u rest", "wanted", axis=0),
            node("ConstantOfShape", "wanted", "zeros"),
            node("Flatten", "x", "f"),
            node("Add", "f zeros"),
        ],
        {"zero": np.array(0, np.int64), "axis": ints(0), "rest": ints(192)},
    ),
    "Range": (
        [node("Range", "a b c", "r"), node("Cast", "r", "k", to=1), node("Mul", "x k")],
        {name: np.array(v, np.int64) for name, v in (("a", 0), ("b", 8), ("c", 1))},
    ),
    "ReduceMean over all": ([node("ReduceMean", "x a", keepdims=0)], {"a": ints(1, 2, 3)}),
    "DepthToSpace": (
        [node("Concat", "x x x x", "c", axis=1), node("DepthToSpace", "c", blocksize=2)],
        {},
    ),
    "DepthToSpace CRD": (
        [
            node("Concat", "x x x x", "c", axis=1),
            node("DepthToSpace", "c", blocksize=2, mode="CRD"),
        ],
        {},
    ),
    "SpaceToDepth": ([node("SpaceToDepth", blocksize=2)], {}),
    "Resize": ([node("Resize", "x - s", mode="linear")], {"s": np.array([1, 1, 2, 2], np.float32)}),
    "Resize nearest": (
        [
            node(
                "Resize",
                "x - s",
                mode="nearest",
                coordinate_transformation_mode="asymmetric",
                nearest_mode="floor",
            )
        ],
        {"s": np.array([1, 1, 2, 0.5], np.float32)},
    ),
}
CASES |= {
    name: ([node(name, "x a", keepdims=0)], {"a": ints(-1, 2)})
    for name in (
        "ReduceMean",
        "ReduceSum",
        "ReduceMax",
        "ReduceMin",
        "ReduceL1",
        "ReduceL2",
        "ReduceProd",
    )
}
OLDER = {
    "Softmax of version 11": (11, [node("Softmax", "x", "s"), node("Neg", "s")], {}),
    "Clip of version 10": (10, [node("Clip", min=-0.3, max=0.3)], {}),
    "Slice of version 9": (9, [node("Slice", starts=[1], ends=[3], axes=[2])], {}),
    "Squeeze of version 11": (
        11,
        [node("ReduceMean", "x", "r", axes=[1]), node("Squeeze", "r", axes=[1])],
        {},
    ),
    "Pad of version 10": (10, [node("Pad", pads=[0, 0, 1, 1, 0, 0, 1, 1])], {}),
    "GroupNormalization of version 21": (
        21,
        [node("GroupNormalization", "x s b", num_groups=3)],
        {"s": floats(3), "b": floats(3)},
    ),
}
PICTURES = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def check(nodes, constants, opset):
    content = graph(nodes, constants, opset=opset).SerializeToString()
    network = GraphNetwork(read(content))
    theirs = answers(content, PICTURES)
    assert torch.allclose(network(PICTURES), theirs, atol=2e-5, rtol=1e-4)
    assert torch.allclose(
        network(PICTURES[:1]), answers(content, PICTURES[:1]), atol=2e-5, rtol=1e-4
    )


@pytest.mark.parametrize("name", CASES)
def test_it_is_what_onnxruntime_does(name):
    check(*CASES[name], 20)


@pytest.mark.parametrize("name", OLDER)
def test_other_versions_say_it_otherwise(name):
    opset, nodes, constants = OLDER[name]
    check(nodes, constants, opset)


def test_every_operator_of_the_table_has_a_case():
    all_nodes = [n for nodes, _ in CASES.values() for n in nodes]
    all_nodes += [n for _, nodes, _ in OLDER.values() for n in nodes]
    tried = {each.op_type for each in all_nodes}
    # Equal, CastLike and Size serve the shapes of transformers: see the exports in test_loading.
    assert TABLE.keys() - tried == {"Equal", "CastLike", "Size"}
