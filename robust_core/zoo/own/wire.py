"""A look at the bytes of an ONNX file before any library reads them: how much is in it, and no more.

A message of two bytes becomes an object of a hundred, so that a small file can fill the memory of
whoever parses it. Source of the format: protobuf, "Encoding"; of the numbers of the fields: onnx.proto3.
"""

from collections.abc import Iterator

MOST = 300_000
"""Messages in a file: nodes, tensors, attributes, shapes. A large Swin transformer has 30,000."""
MESSAGES: dict[str, dict[int, str]] = {
    "model": {7: "graph", 8: "leaf", 14: "leaf"},
    "graph": {1: "node", 5: "tensor", 11: "info", 12: "info", 13: "info", 16: "leaf"},
    "node": {5: "attribute", 9: "leaf"},
    "attribute": {5: "tensor", 10: "tensor"},
    "tensor": {3: "leaf", 13: "leaf", 16: "leaf"},
    "info": {2: "type", 4: "leaf"},
    "type": {1: "shaped"},
    "shaped": {2: "shape"},
    "shape": {1: "leaf"},
    "leaf": {},
}
"""Which fields of a message are messages again, and of which kind; a "leaf" holds none."""
REFUSED: dict[str, dict[int, str]] = {
    "model": {20: "steps of training", 25: "functions of its own", 26: "several devices"},
    "graph": {14: "quantised values", 15: "sparse weights"},
    "node": {10: "several devices"},
    "attribute": {
        6: "branches or loops (If, Loop, Scan)",
        11: "branches or loops (If, Loop, Scan)",
        14: "values that are not tensors",
        15: "values that are not tensors",
        22: "sparse weights",
        23: "sparse weights",
    },
    "type": dict.fromkeys((4, 5, 7, 8, 9), "values that are not tensors"),
}
"""What nests further, or does not belong in a classifier: it is refused unread."""
STRINGS = {"node": (1, 2), "tensor": (6,), "attribute": (9,)}
"""Repeated strings, each of which is an object too."""
DAMAGED = "The ONNX file is cut off or damaged: it ends within a field. Copy or export it again"


def check(content: bytes) -> None:
    """Raise ``ValueError`` for a file that is cut off, damaged, or holds more than ``MOST`` messages."""
    view = memoryview(content)
    waiting = [("model", 0, len(view))]
    count = 0
    while waiting:
        kind, start, end = waiting.pop()
        known = MESSAGES[kind]
        for number, first, last in _fields(view, start, end):
            if refused := REFUSED.get(kind, {}).get(number):
                raise ValueError(
                    f"The ONNX file has {refused}, which are not read here. Export the network in eval "
                    "mode, as one graph of plain operations"
                )
            if number in known or number in STRINGS.get(kind, ()):
                count += 1
            if number in known:
                waiting.append((known[number], first, last))
            if count > MOST:
                raise ValueError(
                    f"The ONNX file has more than {MOST:,} operations, tensors and names, which no "
                    "classifier needs"
                )


def _fields(view: memoryview, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Number and place of each field with a length; the others are stepped over."""
    at = start
    while at < end:
        tag, at = _number(view, at, end)
        number, kind = tag >> 3, tag & 7
        if kind == 0:
            _, at = _number(view, at, end)
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        elif kind == 2:
            length, at = _number(view, at, end)
            if length > end - at:
                raise ValueError(DAMAGED)
            yield number, at, at + length
            at += length
        else:
            raise ValueError(DAMAGED)
        if number == 0 or at > end:
            raise ValueError(DAMAGED)


def _number(view: memoryview, at: int, end: int) -> tuple[int, int]:
    """A varint, and where it ends."""
    value = 0
    for shift in range(0, 70, 7):
        if at >= end:
            raise ValueError(DAMAGED)
        byte = view[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
    raise ValueError(DAMAGED)
