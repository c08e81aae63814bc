"""The classifier of the page Detectors as a chain, from the picture to its classes, and a point in it."""

from dataclasses import dataclass
from functools import cache
from html import escape

from torch import nn

from robust_core.models.detector import Attachment, attachments, build
from robust_core.models.resnet import ResidualBlock
from robust_core.models.staged import Staged

TALLEST = 64
"""Height in pixels of the slab of maps that are as large as the picture."""
WIDEST = 32
"""How much wider than 8 pixels the slab of the most maps is."""


@dataclass(frozen=True)
class Link:
    """A point of the chain: what the part before it is in short, its activation, its weights."""

    point: str
    short: str
    shape: tuple[int, int, int]
    weights: int


@dataclass(frozen=True)
class Chain:
    """A network of a ``title``: its links, all its weights, its classes, and where detectors attach."""

    title: str
    links: tuple[Link, ...]
    weights: int
    classes: int
    attachments: dict[str, Attachment]
    detectors: dict[str, int]
    """Parameters of the detector at each point where one attaches."""
    usual_point: str


@cache
def chain_of(network: Staged, size: tuple[int, int], title: str, classes: int) -> Chain:
    """The chain of a network on the meta device, for pictures of ``size``: nothing is computed.

    Not even on that device, where the first convolution imports a compiler, which takes seconds.
    """
    shape = (3, *size)
    first, *later = network.attachment_points
    links = [Link(first, "picture", shape, 0)]
    for point, part in zip(later, network.parts(), strict=True):
        shape = _behind(part, shape)
        links.append(Link(point, _short(part), shape, _count(part)))
    there = dict(attachments(network))
    detectors = {point: _count(build(network, point)) for point in there}
    return Chain(
        title, tuple(links), _count(network), classes, there, detectors, network.usual_point
    )


def _behind(part: nn.Module, shape: tuple[int, int, int]) -> tuple[int, int, int]:
    """The shape of what a part makes of an activation; its shortcuts give the same as what they bypass."""
    maps, height, width = shape
    for name, module in part.named_modules():
        if isinstance(module, (nn.Conv2d, nn.MaxPool2d)) and "shortcut" not in name:
            maps = module.out_channels if isinstance(module, nn.Conv2d) else maps
            height, width = (_side(module, i, side) for i, side in enumerate((height, width)))
    return maps, height, width


def _side(module: nn.Conv2d | nn.MaxPool2d, axis: int, side: int) -> int:
    padding, kernel, stride = (
        value[axis] if isinstance(value, tuple) else int(value)
        for value in (module.padding, module.kernel_size, module.stride)
    )
    return (side + 2 * padding - kernel) // stride + 1


def _count(module: nn.Module) -> int:
    return sum(weight.numel() for weight in module.parameters())


def _short(part: nn.Module) -> str:
    """What a part of a network is, in two words."""
    blocks = sum(isinstance(module, ResidualBlock) for module in part.modules())
    if blocks:
        return f"{blocks} blocks"
    convolutions = sum(isinstance(module, nn.Conv2d) for module in part.modules())
    return "first conv" if convolutions == 1 else f"{convolutions} convs"


def in_words(shape: tuple[int, int, int]) -> str:
    """As ``16 × 32 × 32``."""
    return " × ".join(map(str, shape))


def drawing(chain: Chain, chosen: str) -> str:
    """The chain as HTML; slabs have the side and number of the maps."""
    side = chain.links[0].shape[1]
    most = max(link.shape[0] for link in chain.links)
    cells = []
    for link in chain.links:
        maps, height, _ = link.shape
        count = f"{link.weights:,}" if link.weights else "no"
        tall, wide = max(6, TALLEST * height // side), 8 + WIDEST * maps // most
        cells.append(
            f"<div class='{'here' if link.point == chosen else ''}'><span>{link.short}</span>"
            f"<span class=stage><span class=slab style='height:{tall}px;width:{wide}px'>"
            f"</span></span><span>{in_words(link.shape).replace(' × ', '×<wbr>')}</span>"
            f"<small>{count} weights</small></div>"
        )
    head = chain.weights - sum(link.weights for link in chain.links)
    cells.append(
        f"<div><span>head</span><span class=stage><span class=slab "
        f"style='height:20px;width:12px'></span></span><span>{chain.classes} classes</span>"
        f"<small>{head:,} weights</small></div>"
    )
    points = ", ".join(f"{link.point} {in_words(link.shape)}" for link in chain.links)
    alt = f"The {chain.title} as a chain: {points}"
    return f"<div class=chain role=img aria-label='{escape(alt)}'>{''.join(cells)}</div>"


def about(chain: Chain, point: str) -> str:
    """What a detector at a point reads and is made of, in Markdown."""
    found = chain.attachments[point]
    layers = []
    for i, width in enumerate(found.widths):
        layers += [f"conv {width}", *["pool"] * (i < found.poolings)]
    return (
        f"**{point}** reads {found.reads}: {in_words(found.shape)}. The detector there: "
        f"{' → '.join([*layers, '1×1 conv', 'mean'])}; {chain.detectors[point]:,} parameters, beside "
        f"{chain.weights:,} of the classifier."
    )
