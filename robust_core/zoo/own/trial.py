"""Whether a read network may be used: its shapes and its cost without memory, then its answers.

The first part runs it on torch's meta device, where tensors have shapes and no numbers. The second asks
``onnxruntime`` about the same random pictures: only where both agree is the file accepted.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from robust_core.zoo.own.meter import metered
from robust_core.zoo.own.network import GraphNetwork
from robust_core.zoo.own.reader import ENDS, INSTALL

AGREE = 1e-3
"""Largest difference to onnxruntime, as a share of the largest logit."""
PICTURES = 3
ONE_BY_ONE = (
    "The file was exported for {} at a time, so pictures are asked about one after another, which is "
    "slower. Exported with dynamic_axes={{'x': {{0: 'n'}}}} they go together."
)


@dataclass(frozen=True)
class Cost:
    """What one picture takes: numbers in all values, and floating-point operations of products."""

    numbers: int
    work: int
    classes: int


class OneByOne(nn.Module):
    """A network that was exported for one picture at a time, asked about each in turn."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.network(one) for one in x.split(1)])


class _Named(nn.Module):
    """A network whose errors name the operation."""

    def __init__(self, network: GraphNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network.run(x, naming=True)


def cost(network: GraphNetwork, channels: int, size: tuple[int, int], pictures: int = 1) -> Cost:
    """What ``pictures`` would cost, found without computing. Raises ``ValueError`` where it is too much,
    where the network cannot take them, and where it does not give one row of logits for each."""
    logits, meter = metered(_Named(network), (pictures, channels, *size))
    shape = list(logits.shape) if isinstance(logits, Tensor) else []
    if len(shape) != 2 or shape[0] != pictures or shape[1] < 2:
        raise ValueError(
            f"The network must give one row of logits for each picture, [N, K] with at least 2 classes; "
            f"for {pictures} it gives {shape}"
        )
    return Cost(meter.numbers, meter.work, shape[1])


def as_batches(
    network: GraphNetwork, channels: int, size: tuple[int, int]
) -> tuple[nn.Module, Cost, tuple[str, ...]]:
    """A module for any number of pictures, the cost of one, and what to say about it."""
    declared = network.graph.shape[0]
    if declared not in (None, 1):
        raise ValueError(
            f"The file was exported for {declared} pictures at a time: export it for one, or with "
            "dynamic_axes={'x': {0: 'n'}}"
        )
    one = cost(network, channels, size)
    try:
        cost(network, channels, size, PICTURES)
    except ValueError:
        return OneByOne(network), one, (ONE_BY_ONE.format("one picture"),)
    return network, one, ()


def random_pictures(channels: int, size: tuple[int, int]) -> Tensor:
    """Pictures as a normalisation gives them, the same at every call."""
    generator = torch.Generator().manual_seed(0)
    return torch.randn(
        PICTURES, channels, *size, generator=generator, dtype=torch.float32, device="cpu"
    )


def runtime_logits(content: bytes, pictures: Tensor) -> np.ndarray:
    """onnxruntime's answers ``[N, K]``, asked about one picture at a time.

    Raises ``ValueError`` where it is not installed, or refuses the file.
    """
    try:
        import onnxruntime
    except ImportError as error:
        raise ValueError(INSTALL) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        entry = session.get_inputs()[0].name
        rows = [session.run(None, {entry: one.numpy()})[0] for one in pictures.split(1)]
    except Exception as error:  # onnxruntime has a dozen kinds of its own
        said = str(error).strip().split("\n")[0][:300]
        raise ValueError(f"onnxruntime refuses the file: {said}") from error
    return np.concatenate(rows)


def check_answers(
    network: nn.Module, content: bytes, pictures: Tensor, ending: str | None
) -> nn.Module:
    """``network``, or it one picture at a time: whichever agrees with onnxruntime.

    ``ending``: the softmax that was left out at the end. Raises ``ValueError`` where neither agrees,
    where logits are not finite, and where they have no derivative.
    """
    theirs = torch.from_numpy(runtime_logits(content, pictures))
    if not theirs.isfinite().all():
        raise ValueError(
            "The network answers random pictures with values that are not numbers (NaN or infinite)"
        )
    candidates = [network] if isinstance(network, OneByOne) else [network, OneByOne(network)]
    apart = []
    for candidate in candidates:
        apart.append(_apart(candidate, pictures, theirs, ending))
        if apart[-1] <= AGREE:
            _check_derivative(candidate, pictures[:1])
            return candidate
    raise ValueError(
        f"The network as it is read here differs from onnxruntime's by {min(apart):.1%} of the largest "
        f"logit on {PICTURES} random pictures; at most {AGREE:.1%} is accepted"
    )


def _apart(network: nn.Module, pictures: Tensor, theirs: Tensor, ending: str | None) -> float:
    with torch.no_grad():
        ours = network(pictures)
    if ending in ENDS:
        ours = ours.softmax(1) if ending == ENDS[0] else ours.log_softmax(1)
    if ours.shape != theirs.shape:
        return float("inf")
    scale = theirs.abs().max().clamp_min(1e-30)
    return float(((ours - theirs).abs().max() / scale).nan_to_num(float("inf")))


def _check_derivative(network: nn.Module, picture: Tensor) -> None:
    x = picture.clone().requires_grad_()
    with torch.enable_grad():
        logits = network(x)
        if not logits.requires_grad:
            raise ValueError(
                "The network has no derivative (it rounds, or picks places): attacks cannot follow it"
            )
        (slope,) = torch.autograd.grad(logits.square().sum(), x)
    if not slope.isfinite().all():
        raise ValueError("The network's derivative on random pictures is not finite")
