"""Hostile and damaged files: each is one sentence, and none takes memory that it only declares."""

import io
import itertools
import pickle
import tracemalloc
from contextlib import suppress

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from robust_core.zoo import own
from robust_core.zoo.own import wire
from robust_core.zoo.own.reader import read
from tests.onnx_files import classifier, exported, graph, node


def refusal(content: bytes, **options) -> str:
    """The sentence with which a file is refused."""
    with pytest.raises(ValueError) as caught:  # noqa: PT011
        own.load(content, **options)
    (line,) = str(caught.value).splitlines()
    return line


def with_tensor(tensor: TensorProto) -> bytes:
    model = classifier()
    model.graph.initializer[0].CopyFrom(tensor)
    return model.SerializeToString()


def test_the_plain_file_is_read():
    assert own.load(classifier().SerializeToString()).class_names == tuple(
        f"class {k}" for k in range(4)
    )


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_cut_off(share):
    content = classifier().SerializeToString()
    assert "cut off or damaged" in refusal(content[: int(share * len(content))])


def test_every_file_that_is_damaged_by_one_byte_is_read_or_refused():
    content = classifier().SerializeToString()
    header = [i for i in range(len(content)) if i < 150 or i > len(content) - 150]
    for place, flip in zip(header, itertools.cycle((0xFF, 0x01, 0x80, 0x10)), strict=False):
        damaged = bytearray(content)
        damaged[place] ^= flip
        with suppress(ValueError):
            assert own.load(bytes(damaged)).channels in (1, 3)


def test_ten_gigabytes_that_are_only_declared():
    tensor = TensorProto(
        name="w", data_type=TensorProto.FLOAT, dims=[50_000, 50_000], raw_data=bytes(16)
    )
    content = with_tensor(tensor)
    tracemalloc.start()
    told = refusal(content)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "'w'" in told
    assert "10 GB" in told
    assert "holds 4" in told
    assert most < 20e6


@pytest.mark.parametrize("dims", [[-1, -192], [2**40, 2**40], [4, 191]])
def test_other_sizes_than_it_holds(dims):
    values = np.zeros((4, 192), np.float32).tobytes()
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=dims, raw_data=values)
    assert "declare" in refusal(with_tensor(tensor))


def test_ten_gigabytes_that_are_only_computed():
    nodes = [
        node("ConstantOfShape", "size", "zeros"),
        node("Flatten", "x", "f"),
        node("MatMul", "f zeros"),
    ]
    content = graph(nodes, {"size": np.array([192, 2**24], np.int64)}).SerializeToString()
    told = refusal(content)
    assert "'the ConstantOfShape'" in told
    assert f"{192 * 2**24:,} numbers" in told


def test_a_product_that_would_fill_the_memory():
    tall = np.ones((2**16, 1), np.float32)
    nodes = [
        node("Transpose", "c", "t", perm=[1, 0]),
        node("MatMul", "c t", "all"),
        node("ReduceMax", "all", "m", keepdims=0),
        node("Flatten", "x", "f"),
        node("Add", "f m"),
    ]
    told = refusal(graph(nodes, {"c": tall}).SerializeToString())
    assert "'the MatMul'" in told
    assert f"{2**32:,} numbers" in told


def test_places_that_double_again_and_again():
    nodes = [node("Shape", "x", "s0")]
    nodes += [node("Concat", f"s{k} s{k}", f"s{k + 1}", axis=0) for k in range(40)]
    nodes += [node("Cast", "s40", "f", to=1), node("ReduceMax", "f", "m", keepdims=0)]
    nodes += [node("Flatten", "x", "g"), node("Add", "g m")]
    assert "'the Concat'" in refusal(graph(nodes).SerializeToString())


def test_too_much_work():
    nodes = [node("Resize", "x - s", "r", mode="linear")]
    nodes += [node("Conv", "r w", "c", pads=[50, 50, 50, 50]), node("GlobalAveragePool", "c", "g")]
    nodes += [node("Flatten", "g")]
    constants = {
        "s": np.array([1, 1, 200, 200], np.float32),
        "w": np.ones((4, 3, 101, 101), np.float32),
    }
    assert "billion operations" in refusal(graph(nodes, constants).SerializeToString())


def test_a_circle():
    nodes = [node("Add", "x b", "a"), node("Relu", "a", "b"), node("Flatten", "b")]
    assert "circle" in refusal(graph(nodes).SerializeToString())


def test_a_value_that_nobody_makes():
    assert "'nothing'" in refusal(graph([node("Add", "x nothing")]).SerializeToString())


def test_two_operations_make_one_value():
    nodes = [node("Relu", "x", "a"), node("Neg", "x", "a"), node("Flatten", "a")]
    assert "Two operations" in refusal(graph(nodes).SerializeToString())


def test_every_operator_that_is_not_read_is_named():
    nodes = [node("NonZero", "x", "a"), node("Det", "a", "b"), node("Flatten", "b")]
    told = refusal(graph(nodes).SerializeToString())
    assert "the operators Det, NonZero" in told
    assert "Conv" in told


def test_an_operator_of_another_domain():
    model = classifier()
    model.graph.node[1].domain = "com.example"
    assert "com.example.Gemm" in refusal(model.SerializeToString())


def test_branches_are_refused_unread():
    inner = helper.make_graph([], "inner", [], [])
    branch = helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)
    assert "If, Loop, Scan" in refusal(graph([branch]).SerializeToString())


def test_branches_in_branches_a_thousand_deep():
    body = b""
    for _ in range(1000):
        attribute = b"\x32" + length(body) + body  # a graph
        made = b"\x22\x02If\x2a" + length(attribute) + attribute  # an If with it
        body = b"\x0a" + length(made) + made
    told = refusal(b"\x08\x0a\x3a" + length(body) + body + b"\x42\x02\x10\x14")
    assert "If, Loop, Scan" in told


def length(content: bytes) -> bytes:
    """How many bytes it has, as a protobuf writes it."""
    parts, n = [], len(content)
    while n > 127:
        parts.append(n & 127 | 128)
        n >>= 7
    return bytes([*parts, n])


@pytest.mark.parametrize("operator", ["ConstantOfShape", "Expand", "Tile"])
def test_a_constant_that_would_fill_the_memory(operator):
    inputs = {"ConstantOfShape": "s", "Expand": "one s", "Tile": "one s"}[operator]
    nodes = [
        node(operator, inputs, "big"),
        node("ReduceSum", "big", "r"),
        node("Flatten", "x", "f"),
        node("Gemm", "f w", "g", transB=1),
        node("Add", "g r"),
    ]
    held = {"s": np.array([10**6, 10**6]), "one": np.ones((1, 1), np.float32)}
    told = refusal(graph(nodes, held | {"w": np.ones((4, 192), np.float32)}).SerializeToString())
    assert f"({operator}) cannot be done" in told
    assert "1,000,000,000,000 numbers" in told


def test_values_that_are_no_numbers():
    weights = np.ones((4, 192), np.float32)
    weights[2, 3] = np.nan
    told = refusal(with_tensor(numpy_helper.from_array(weights, "w")))
    assert "NaN" in told
    assert "'w'" in told


def test_an_answer_that_is_no_number():
    nodes = [node("Flatten", "x", "f"), node("Log", "f")]
    assert "not numbers" in refusal(graph(nodes).SerializeToString())


def test_weights_in_another_file(tmp_path):
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4, 192])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../../etc/passwd")
    assert "external" in refusal(with_tensor(tensor))


def test_too_many_parts():
    content = classifier().SerializeToString() + b"\x3a\x00" * (wire.MOST + 1)
    assert "no classifier needs" in refusal(content)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"shape": ("n", 8, 8, 3)}, "channels first"),
        ({"shape": ("n", 4, 8, 6)}, "4 channels"),
        ({"shape": ("n", 3, 64)}, "3 dimensions"),
        ({"kind": TensorProto.UINT8}, "UINT8"),
        ({"shape": (4, 3, 8, 8)}, "4 pictures at a time"),
        ({"shape": ("n", 3, "h", "w")}, "input_size"),
        ({"shape": ("n", 3, 9, 9)}, "'the Gemm'"),
        ({"opset": 5}, "version 5"),
    ],
)
def test_pictures_that_are_none(changes, words):
    assert words in refusal(classifier(**changes).SerializeToString())


def test_an_output_that_is_no_row_of_logits():
    assert "one row of logits" in refusal(graph([node("Relu")]).SerializeToString())


def test_an_output_that_does_not_depend_on_the_picture():
    nodes = [node("Relu", "c")]
    content = graph(nodes, {"c": np.ones((1, 4), np.float32)}).SerializeToString()
    assert "does not depend on the picture" in refusal(content)


def test_two_outputs():
    model = classifier()
    model.graph.output.append(helper.make_tensor_value_info("flat", TensorProto.FLOAT, None))
    assert "one output" in refusal(model.SerializeToString())


def test_a_network_that_rounds_has_no_derivative():
    nodes = [node("Flatten", "x", "f"), node("Cast", "f", "i", to=7)]
    nodes += [node("Cast", "i", "y", to=1, name="back")]
    assert "no derivative" in refusal(graph(nodes).SerializeToString())


def test_a_shape_that_depends_on_pixels():
    nodes = [
        node("ReduceMax", "x", "m", keepdims=0),
        node("Cast", "m", "k", to=7),
        node("Unsqueeze", "k zero", "s"),
        node("ConstantOfShape", "s", "z"),
        node("Flatten", "x", "f"),
        node("Concat", "f z", axis=0),
    ]
    content = graph(nodes, {"zero": np.array([0], np.int64)}).SerializeToString()
    assert "depends on the pixels" in refusal(content)


class Program:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


def test_a_pickle_is_known_by_its_bytes_and_never_opened():
    checkpoint = io.BytesIO()
    torch.save(nn.Linear(2, 2).state_dict(), checkpoint)
    old = io.BytesIO()
    torch.save({"a": Program()}, old, _use_new_zipfile_serialization=False)
    for content in (checkpoint.getvalue(), old.getvalue(), pickle.dumps(Program())):
        told = refusal(content)
        assert "pickle" in told
        assert "torch.onnx.export" in told


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"hello, this is text", "neither"),
        (b"\x89HDF\r\n\x1a\n" + bytes(50), "tf2onnx"),
        (b"\x1c\0\0\0TFL3" + bytes(50), "TensorFlow Lite"),
        (b"\x1f\x8b" + bytes(50), "unpack"),
        (b"\x08\x07", "no operations"),
    ],
)
def test_other_files(content, words):
    assert words in refusal(content)


def test_larger_than_is_read(tmp_path):
    path = tmp_path / "large.onnx"
    with path.open("wb") as file:
        file.truncate(10 * 2**30)
    tracemalloc.start()
    with pytest.raises(ValueError, match="10,240 MB"):
        own.load(path)
    assert tracemalloc.get_traced_memory()[1] < 10e6
    tracemalloc.stop()
    with pytest.raises(ValueError, match="no model file"):
        own.load(tmp_path / "none.onnx")


def test_the_order_of_the_file_does_not_matter():
    model = classifier()
    first = read(model.SerializeToString())
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(nodes[::-1])
    assert [n.op for n in read(model.SerializeToString()).nodes] == [n.op for n in first.nodes]


def test_an_exported_file_goes_through_a_pipe():
    graph_ = read(
        exported(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(), nn.Linear(144, 5)), (3, 8, 8))
    )
    again = type(graph_).from_bytes(graph_.to_bytes())
    assert again.nodes == graph_.nodes
    assert all(torch.equal(again.constants[k], x) for k, x in graph_.constants.items())
    assert isinstance(onnx.__version__, str)
