"""What a file is, by its first bytes: a model that can be read safely, or why it is not read.

A pickle is a program: reading one runs what it says (``pickle``'s own documentation warns of it), so no
checkpoint of torch is ever opened here. ONNX is a protobuf and safetensors a table of numbers: both are
data alone.
"""

ONNX = "ONNX"
SAFETENSORS = "safetensors"
LONGEST_HEADER = 100 * 2**20
"""Of a safetensors file, as its own library bounds it."""
EXPORT = (
    "Export it where it was made: torch.onnx.export(network.eval(), (picture,), 'model.onnx', "
    "dynamo=False, dynamic_axes={'x': {0: 'n'}}, input_names=['x']), or "
    "safetensors.torch.save_file(network.state_dict(), 'model.safetensors')"
)
PICKLE = (
    "A {} is a pickle, and reading a pickle runs whatever program is in it: it is not opened. "
    + (EXPORT.replace("{", "{{").replace("}", "}}"))
)
OTHERS = {
    b"PK\x03\x04": PICKLE.format("checkpoint of torch (.pt, .pth)"),
    b"\x89HDF\r\n\x1a\n": f"An HDF5 file of Keras is not read here. Convert it with tf2onnx, or: {EXPORT}",
    b"\x93NUMPY": f"A NumPy array is not a model. {EXPORT}",
    b"\x1f\x8b": "A compressed file is not read here: unpack it first",
}


def kind_of(content: bytes) -> str:
    """``ONNX`` or ``safetensors``. Raises ``ValueError`` with what to do for every other file."""
    if not content:
        raise ValueError("The model file is empty")
    for beginning, sentence in OTHERS.items():
        if content.startswith(beginning):
            raise ValueError(sentence)
    if content[0] == 0x80 and content[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        raise ValueError(PICKLE.format("checkpoint of torch, or another object of Python,"))
    if content[4:8] == b"TFL3":
        raise ValueError(f"A TensorFlow Lite file is not read here. {EXPORT}")
    header = int.from_bytes(content[:8], "little")
    if content[8:9] == b"{" and 2 <= header <= LONGEST_HEADER:
        return SAFETENSORS
    if content[0] in (0x08, 0x3A):  # its first field is the version of the format; rarely the graph
        return ONNX
    raise ValueError(f"The file is neither ONNX nor safetensors. {EXPORT}")
