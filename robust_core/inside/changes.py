"""How far each layer's activations move when the picture does: ``|a(x') - a(x)| / |a(x)|``.

Liao et al. (2018) call it error amplification: a change too small to be seen grows from layer to layer
where an attack made it, and does not where it is random.
"""

from dataclasses import dataclass
from itertools import count

import torch
from torch import Tensor, nn

from robust_core.classifier import Classifier
from robust_core.inside.listening import blocks, listening
from robust_core.progress import Progress, counter

PICTURE = "picture"
"""The first place of a curve: the picture itself, before the network."""


@dataclass(frozen=True)
class Changes:
    """Relative changes float64 ``[N, L]``, one row for each pair of pictures, one column for each layer.

    ``layers`` names them in the order in which the network calls them, the picture first; a module that
    is called again is a layer again, as ``relu (2)``. ``kinds`` are the classes of their modules. A value
    is nan where all activations of the first picture are 0: no change is large or small beside nothing.
    """

    layers: tuple[str, ...]
    kinds: tuple[str, ...]
    values: Tensor

    def last_of(self, module: str) -> int:
        """The place of the last layer that belongs to a module by its name, as ``stage1.4`` to ``stage1``.

        Raises ``ValueError`` where there is none.
        """
        own = [
            place
            for place, layer in enumerate(self.layers)
            if layer == module or layer.startswith((f"{module}.", f"{module} ("))
        ]
        if not own:
            raise ValueError(f"module must have a layer of this curve; got {module!r}")
        return own[-1]


def relative_changes(
    model: Classifier, clean: Tensor, others: Tensor, progress: Progress | None = None
) -> Changes:
    """For each pair of ``clean`` and ``others``, how far every layer of ``listening.blocks`` moves in L2.

    Both are pictures ``[N, C, H, W]`` in [0, 1]; one clean picture ``[1, C, H, W]`` goes with all others.
    Each picture is asked about alone, so that what is measured does not depend on the batch, and no more
    than one picture's activations are kept.
    Raises ``ValueError`` for pictures of another size than the model's or of different shapes, for a model
    without layers, and for one that calls other layers for another picture.
    """
    for images in (clean, others):
        model.check_pictures(images)
    if clean.shape[1:] != others.shape[1:] or len(clean) not in (1, len(others)) or not len(others):
        raise ValueError(
            "clean and others must be as many pictures of one shape, or one clean picture and some others; "
            f"got {list(clean.shape)} and {list(others.shape)}"
        )
    told = counter(progress, len(clean) + len(others))
    ear = _Ear()
    rows = []
    with torch.inference_mode(), listening(model, blocks, ear) as heard:

        def ask(image: Tensor) -> None:
            heard(image[None].to(heard.device))
            told()

        for k, other in enumerate(others):
            if k < len(clean):
                ear.begin(clean[k])
                ask(clean[k])
            ear.compare(other)
            ask(other)
            rows.append(ear.changes())
    return Changes(
        tuple(ear.names), tuple(ear.kinds), torch.tensor(rows, dtype=torch.float64, device="cpu")
    )


class _Ear:
    """Keeps what is heard of one picture, and then compares what is heard of others with it."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.kinds: list[str] = []
        self._kept: list[Tensor] = []
        self._found: list[float] | None = None

    def begin(self, picture: Tensor) -> None:
        """The picture that others are compared with."""
        self.names, self.kinds, self._kept, self._found = [PICTURE], [""], [picture], None

    def compare(self, picture: Tensor) -> None:
        """The next picture to be compared."""
        self._found = [relative(picture, self._kept[0])]

    def __call__(self, name: str, module: nn.Module, _: Tensor, made: Tensor) -> None:
        if self._found is None:
            calls = (name if k == 1 else f"{name} ({k})" for k in count(1))
            self.names.append(next(each for each in calls if each not in self.names))
            self.kinds.append(type(module).__name__)
            self._kept.append(made.clone())  # the next layer may work in place
        elif len(self._found) < len(self._kept):
            self._found.append(relative(made, self._kept[len(self._found)]))
        else:
            self._found.append(float("nan"))

    def changes(self) -> list[float]:
        """Those of the last picture."""
        assert self._found is not None
        if len(self._found) != len(self._kept):
            raise ValueError(
                f"model must call the same layers for every picture; it called {len(self._kept) - 1} and "
                f"then {len(self._found) - 1}"
            )
        return self._found


def relative(after: Tensor, before: Tensor) -> float:
    """``|after - before| / |before|`` in L2, in float64; nan where ``before`` is 0 or of another shape."""
    if after.shape != before.shape:
        return float("nan")
    before, after = (each.cpu().double() for each in (before, after))  # some devices lack float64
    return ((after - before).norm() / before.norm()).item() if before.any() else float("nan")
