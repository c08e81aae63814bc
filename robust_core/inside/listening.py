"""Recording what the modules of a network compute, without touching one that others are using.

A hook on a network that several threads share would hear all of them. So the hooks go on a copy of its
modules that shares every weight and buffer with the original: it takes no memory to speak of, and gives the
same answers to the last bit.
"""

import copy
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import chain
from typing import Any

from torch import Tensor, nn

from robust_core.classifier import Classifier

CONTAINERS = (nn.Sequential, nn.ModuleList, nn.ModuleDict)
"""Modules that only hold others."""
SILENT = (
    nn.Identity,
    nn.Flatten,
    nn.Unflatten,
    nn.Dropout,
    nn.Dropout1d,
    nn.Dropout2d,
    nn.Dropout3d,
)
"""Modules that change no value in eval mode."""
Hear = Callable[[str, nn.Module, Tensor, Tensor], object]
"""Called with a module's name, itself, the tensor that it was given, and the one that it gave."""


def twin(model: Classifier) -> Classifier:
    """A copy of all modules with the very same weights and buffers."""
    shared = {id(each): each for each in chain(model.parameters(), model.buffers())}
    return copy.deepcopy(model, shared)


def blocks(network: nn.Module) -> dict[str, nn.Module]:
    """The layers that a curve is drawn over, by name, in the order of their definition.

    These are the modules without modules inside, but for ``SILENT`` ones; and of the modules that a network
    repeats, such as residual blocks and the blocks of a transformer, each one whole. A network that is
    itself a single layer has that one.
    """
    counts = Counter(type(module) for module in network.modules())

    def walk(name: str, module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
        inside = list(module.named_children())
        repeated = counts[type(module)] > 1 and type(module) not in CONTAINERS
        if not inside or (name and repeated):
            yield name or type(module).__name__, module
            return
        for own, each in inside:
            yield from walk(f"{name}.{own}" if name else own, each)

    found: dict[int, tuple[str, nn.Module]] = {}
    for name, module in walk("", network):
        if not isinstance(module, SILENT):
            found.setdefault(id(module), (name, module))  # one module may go by two names
    return dict(found.values())


def every(network: nn.Module) -> dict[str, nn.Module]:
    """All modules by name, those inside others too, but not the network itself unless it is one layer."""
    inside = {name: module for name, module in network.named_modules() if name}
    return inside or {type(network).__name__: network}


def check_network(model: Classifier) -> None:
    """Raise ``ValueError`` for a model that is not a torch module: it has no layers to look into."""
    if not isinstance(model.network, nn.Module):
        raise ValueError(
            f"model must have layers that can be looked into; {model.name} is a function"
        )


@contextmanager
def listening(
    model: Classifier, which: Callable[[nn.Module], Mapping[str, nn.Module]], hear: Hear
) -> Iterator[Classifier]:
    """A twin of ``model`` in eval mode that calls ``hear`` after each call of the modules of ``which``.

    ``model`` itself gets no hook and keeps its mode. The twin's hooks are removed at the end, whatever
    happens. Of several results of a module the first one is heard; anything but a tensor of floats is not.
    Raises ``ValueError`` for a model that is not a torch module.
    """
    check_network(model)
    copied = twin(model).eval()
    with ExitStack() as stack:
        for name, module in which(copied.network).items():
            stack.enter_context(module.register_forward_hook(_hook(name, hear)))
        yield copied


def _hook(name: str, hear: Hear) -> Callable[[nn.Module, Any, Any], None]:
    def heard(module: nn.Module, given: Any, made: Any) -> None:
        taken, result = _first(given), _first(made)
        if result is not None:
            hear(name, module, result if taken is None else taken, result)

    return heard


def _first(values: Any) -> Tensor | None:
    """The first tensor of floats."""
    several = values if isinstance(values, tuple | list) else (values,)
    return next((v for v in several if isinstance(v, Tensor) and v.is_floating_point()), None)
