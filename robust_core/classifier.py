"""Classifier: a network with everything needed to ask it about a picture."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor, nn

from robust_core.modes import evaluating
from robust_core.probabilities import as_logits


@dataclass(frozen=True)
class Guess:
    """One class of a prediction: its index, its name and the softmax confidence in [0, 1]."""

    index: int
    label: str
    confidence: float


@dataclass(frozen=True)
class Provenance:
    """Where the weights come from: what they were trained on, how, and with what accuracy."""

    data: str
    accuracy: float | None = None
    """Share of the test set that it gets right, in [0, 1]."""
    source: str = ""
    """The command that made it, or where it is from."""
    details: dict = field(default_factory=dict)


VALUES = 2**28
"""Numbers that a network makes at a time, where it is known how many: 1 GiB, kept for a gradient."""


def at_once(model: object, most: int) -> int:
    """``most`` pictures, or fewer of a network that is known to make many numbers for each."""
    provenance = getattr(model, "provenance", None)
    each = provenance.details.get("values", 0) if isinstance(provenance, Provenance) else 0
    return max(1, min(most, VALUES // each)) if each else most


def _per_channel(values: tuple[float, ...]) -> Tensor:
    """One value per channel as ``[1, C, 1, 1]``, float32 on the CPU whatever torch's defaults are."""
    return torch.tensor(values, dtype=torch.float32, device="cpu").view(1, -1, 1, 1)


class Classifier(nn.Module):
    """A network, its normalisation, its class names, its input size and its provenance.

    Calling it maps pictures ``[N, C, H, W]`` in [0, 1], of the model's own size, to logits
    ``[N, K]``. The normalisation ``(x - mean) / std`` per channel happens in here and nowhere else,
    so that attacks, pages and tests only ever see [0, 1] pixels. Pictures of another floating dtype
    than the network's are converted. Without a ``name`` it has that of the network's class.
    """

    network: Any  # a module; detectors and defences may need more methods of it
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        network: nn.Module | Callable[[Tensor], Tensor],
        *,
        name: str = "",
        class_names: tuple[str, ...],
        input_size: tuple[int, int],
        mean: tuple[float, ...],
        std: tuple[float, ...],
        resize: int | None = None,
        provenance: Provenance | None = None,
        synsets: tuple[str, ...] = (),
    ) -> None:
        super().__init__()
        self.network = network
        self.name = name or getattr(network, "__name__", type(network).__name__)
        self.alias = ""
        """The file of a model whose name is for the machine alone."""
        self.class_names = tuple(class_names)
        self.synsets = tuple(synsets)
        """WordNet ids of the classes, where these are ImageNet's: other names for them."""
        height, width = input_size
        self.input_size = (height, width)
        self.resize = resize or max(input_size)  # so that the crop fits into it
        self.provenance = provenance or Provenance(data="unknown")
        self.register_buffer("mean", _per_channel(mean), persistent=False)
        self.register_buffer("std", _per_channel(std), persistent=False)

    @property
    def called(self) -> str:
        """What sentences call it: its alias, or else its name."""
        return self.alias or self.name

    @property
    def channels(self) -> int:
        """Colour channels of a picture: 3 for RGB, 1 for grey."""
        return self.mean.shape[1]

    @property
    def device(self) -> torch.device:
        return self.mean.device

    def normalise(self, images: Tensor) -> Tensor:
        """``(images - mean) / std`` per channel, in the dtype of the images."""
        return (images - self.mean.to(images.dtype)) / self.std.to(images.dtype)

    def forward(self, images: Tensor) -> Tensor:
        return self.network(self.normalise(images.to(self.mean.dtype)))

    def check_pictures(self, images: Tensor) -> None:
        """Raise ``ValueError`` unless ``images`` are a batch of the size that the model takes."""
        own = [self.channels, *self.input_size]
        shape = list(images.shape)
        if shape[1:] != own:
            wanted = ", ".join(map(str, own))
            single = "; one picture needs a batch axis too: images[None]" if shape == own else ""
            raise ValueError(
                f"images must be of shape [N, {wanted}] for {self.called}; got {shape}{single}"
            )

    def index_of(self, label: str | int) -> int:
        """The class index of a name (any case), of a WordNet id such as ``n01440764``, or of an index.

        Raises ``ValueError`` naming the classes where there is no such class.
        """
        text = str(label).strip()
        place = _places(tuple(self.class_names), tuple(self.synsets)).get(text.lower())
        if place is not None:
            return place
        if text.isdecimal() and int(text) < len(self.class_names):
            return int(text)
        count = len(self.class_names)
        shown = ", ".join(self.class_names[:10]) + (" ..." if count > 10 else "")
        raise ValueError(
            f"{self.called} has no class {text!r}: give a name ({shown}) or an index 0 to {count - 1}"
        )

    def label_of(self, index: int) -> str:
        """The name of the class ``index``."""
        return self.class_names[index]

    def predict(self, images: Tensor, k: int = 5) -> list[list[Guess]]:
        """The ``k`` most probable classes of each picture ``[N, C, H, W]``, most probable first.

        The network is run in eval mode and left in the mode that it was in. Raises ``ValueError`` for
        pictures of another size than the model's.
        """
        self.check_pictures(images)
        with evaluating(self), torch.inference_mode():
            logits = as_logits(self(images.to(self.device)))
        return self.name_classes(logits.cpu().double().softmax(dim=1), k)

    def name_classes(self, probabilities: Tensor, k: int = 5) -> list[list[Guess]]:
        """Top-k of probabilities ``[N, K]`` as guesses; ties go to the lower index."""
        order = probabilities.argsort(dim=1, descending=True, stable=True)[:, :k]
        values = probabilities.gather(1, order)
        return [
            [Guess(i, self.label_of(i), p) for i, p in zip(row, row_values, strict=True)]
            for row, row_values in zip(order.tolist(), values.tolist(), strict=True)
        ]


class Unnamed(Classifier):
    """Any callable as a classifier about which nothing is known: any size, classes called by number.

    The pictures reach it as they are, in its own dtype. For names, a size that is checked, and a
    normalisation, make a ``Classifier``.
    """

    def __init__(self, network: Callable[[Tensor], Tensor]) -> None:
        name = getattr(network, "__name__", type(network).__name__)
        super().__init__(
            network, name=name, class_names=(), input_size=(0, 0), mean=(0.0,), std=(1.0,)
        )
        if isinstance(network, nn.Module):
            self.training = network.training
            weight = next((p for p in network.parameters() if p.is_floating_point()), None)
            if weight is not None:
                self.mean, self.std = self.mean.to(weight), self.std.to(weight)

    def check_pictures(self, images: Tensor) -> None:
        """Any size will do."""

    def label_of(self, index: int) -> str:
        return str(index)


def as_classifier(model: object) -> Classifier:
    """``model`` itself where it is a classifier, else as ``Unnamed``; ``ValueError`` if not callable."""
    if isinstance(model, Classifier):
        return model
    if not callable(model):
        raise ValueError(
            f"model must be callable, from pictures [N, C, H, W] to logits; got {type(model).__name__}"
        )
    return Unnamed(model)


@lru_cache(maxsize=32)
def _places(names: tuple[str, ...], synsets: tuple[str, ...]) -> dict[str, int]:
    """Classes by their names in small letters, else by their WordNet ids; of equal names the first."""
    found: dict[str, int] = {}
    for k, name in (*enumerate(name.lower() for name in names), *enumerate(synsets)):
        found.setdefault(name, k)
    return found
