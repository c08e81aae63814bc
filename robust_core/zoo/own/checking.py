"""From a stranger's bytes to a network that may be asked, or one sentence that says why not."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor, nn

from robust_core.zoo.own import kinds, reader, trial, weights_file
from robust_core.zoo.own.graph import Graph
from robust_core.zoo.own.meter import metered
from robust_core.zoo.own.network import GraphNetwork

LARGEST = 600 * 2**20
"""Bytes of a model file. torchvision's VGG-16 has 528 MB."""
SIDE = 1024
"""The largest height and width of a picture."""
SOFTMAX = "The file ends with a {}, which is left out: attacks ask for the logits before it."


@dataclass(frozen=True)
class Checked:
    """A network that was found usable, and what it takes and gives."""

    network: nn.Module
    channels: int
    size: tuple[int, int]
    classes: int
    work: int
    """Floating-point operations for one picture."""
    sha256: str
    notes: tuple[str, ...] = ()
    graph: Graph | None = None
    """Of an ONNX file; None for weights of a known architecture."""
    values: int = 0
    """Numbers in all values of one picture, most of which a gradient keeps; 0: not known."""

    @property
    def one_by_one(self) -> bool:
        """Whether its pictures are asked about one after another."""
        return isinstance(self.network, trial.OneByOne)


def content_of(source: str | Path | bytes, limit: int = LARGEST) -> bytes:
    """The bytes of a file. Raises ``ValueError`` where it cannot be read or is larger than ``limit``."""
    if isinstance(source, bytes):
        size = len(source)
    else:
        path = Path(source)
        try:
            size = path.stat().st_size
        except OSError as error:
            raise ValueError(
                f"There is no model file {str(source)!r} ({error.strerror})"
            ) from error
    if size > limit:
        raise ValueError(
            f"The model file has {size / 2**20:,.0f} MB; at most {limit / 2**20:,.0f} MB are read"
        )
    if isinstance(source, bytes):
        return source
    try:
        return Path(source).read_bytes()
    except OSError as error:
        raise ValueError(f"{str(source)!r} cannot be read ({error.strerror})") from error


def checked(
    content: bytes, architecture: str | None = None, input_size: tuple[int, int] | None = None
) -> Checked:
    """The network in ``content``: read, costed without memory, and compared with onnxruntime.

    Raises ``ValueError``, in one sentence, for everything that is not a usable classifier.
    """
    try:
        return _checked(content, architecture, input_size)
    except ValueError as error:
        first = str(error).strip().split("\n")[0]
        if first != str(error):
            raise ValueError(first) from error
        raise
    except MemoryError:
        raise
    except (
        Exception
    ) as error:  # damage shows wherever a number or a name is used for the first time
        said = str(error).strip().split("\n")[0][:200]
        raise ValueError(
            f"The model file cannot be used; it is damaged, or of a kind that is not known here "
            f"({type(error).__name__}: {said})"
        ) from error


def _checked(
    content: bytes, architecture: str | None, input_size: tuple[int, int] | None
) -> Checked:
    if input_size is not None:
        input_size = checked_size(input_size)
    if kinds.kind_of(content) == kinds.ONNX:
        if architecture is not None:
            raise ValueError(
                "An ONNX file holds its own architecture: leave architecture out, or give safetensors"
            )
        return _of_onnx(content, input_size)
    if architecture is None:
        raise ValueError(
            "A safetensors file holds weights alone: name their architecture too, a classifier of "
            "torchvision (resnet18) or timm:NAME"
        )
    return _of_weights(content, architecture, input_size)


def checked_size(size: tuple[int, int]) -> tuple[int, int]:
    """Height and width. Raises ``ValueError`` unless they are whole numbers from 1 to ``SIDE``."""
    try:
        height, width = (int(d) for d in size)
    except (TypeError, ValueError):
        height = width = 0
    if not (1 <= height <= SIDE and 1 <= width <= SIDE):
        raise ValueError(
            f"input_size must be height and width, whole numbers from 1 to {SIDE}; got {size}"
        )
    return height, width


def _of_onnx(content: bytes, given: tuple[int, int] | None) -> Checked:
    graph = reader.read(content)
    channels, size = _shape(graph, given)
    network, one, notes = trial.as_batches(GraphNetwork(graph), channels, size)
    pictures = trial.random_pictures(channels, size)
    agreed = trial.check_answers(network, content, pictures, graph.ending)
    if isinstance(agreed, trial.OneByOne) and not notes:
        notes = (trial.ONE_BY_ONE.format("one picture"),)
    if graph.ending:
        notes = (SOFTMAX.format(graph.ending), *notes)
    digest = hashlib.sha256(content).hexdigest()
    return Checked(agreed, channels, size, one.classes, one.work, digest, notes, graph, one.numbers)


def _shape(graph: Graph, given: tuple[int, int] | None) -> tuple[int, tuple[int, int]]:
    """Channels, and height and width: the file's, or the user's where it leaves them open."""
    _, channels, height, width = graph.shape
    channels = channels or 3
    if channels not in (1, 3) and width in (1, 3):
        raise ValueError(
            f"The network takes pictures [N, H, W, C] ({list(graph.shape)}): export it with channels "
            "first, [N, C, H, W]"
        )
    if channels not in (1, 3):
        raise ValueError(
            f"The network takes {channels} channels; pictures have 1 (grey) or 3 (RGB)"
        )
    if height is None or width is None:
        if given is None:
            raise ValueError(
                "The file leaves open how large its pictures are: give input_size (height, width)"
            )
        return channels, given
    if given is not None and given != (height, width):
        raise ValueError(
            f"The network takes pictures of {height} x {width}; input_size says {given[0]} x {given[1]}"
        )
    return channels, checked_size((height, width))


def _of_weights(content: bytes, architecture: str, size: tuple[int, int] | None) -> Checked:
    if size is None:
        raise ValueError("input_size (height, width) must be given for weights of an architecture")
    network = weights_file.network_of(content, architecture, size)
    network.requires_grad_(False)
    one = plain_cost(network, size)
    digest = hashlib.sha256(content).hexdigest()
    return Checked(network, 3, size, one.classes, one.work, digest, values=one.numbers)


def plain_cost(network: nn.Module, size: tuple[int, int]) -> trial.Cost:
    """What one picture takes, found without computing.

    Raises ``ValueError`` where such pictures do not fit, and where it is too much work.
    """
    try:
        logits, meter = metered(network, (1, 3, *size))
    except Exception as error:  # whatever a network says of a size that it cannot take
        said = str(error).strip().split("\n")[0]
        raise ValueError(
            f"The network does not take pictures of {size[0]} x {size[1]}: {said}"
        ) from error
    if not isinstance(logits, Tensor) or logits.ndim != 2:
        raise ValueError("The network must give one row of logits for each picture, [N, K]")
    return trial.Cost(meter.numbers, meter.work, logits.shape[1])


def plain_name(name: str) -> str:
    """A file's name as a model's: its stem, of letters, digits, dots, dashes and underscores."""
    stem = Path(name.replace("\\", "/")).name.rpartition(".")[0] or name
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem)[:40].strip("-.") or "model"
