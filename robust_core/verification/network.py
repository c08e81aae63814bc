"""A network as bounds see it: a list of affine maps, ReLUs and sums, each on earlier values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from robust_core.verification.affine import Affine, Shape, cast


@dataclass(frozen=True)
class Step:
    """One operation. ``inputs`` are the numbers of the values that it reads; value 0 is the picture.

    ``larger`` names two values whose larger one a sum is, where max pooling was written with ReLUs:
    intervals of the two give a tighter interval of the sum than its own terms do.
    """

    name: str
    inputs: tuple[int, ...]
    shape: Shape
    affine: Affine | None = None
    larger: tuple[int, int] | None = None

    @property
    def is_relu(self) -> bool:
        return self.affine is None and len(self.inputs) == 1

    @property
    def is_sum(self) -> bool:
        return len(self.inputs) > 1

    def of_forms(self, values: Sequence[Tensor]) -> Tensor | None:
        """The result for affine forms ``[1 + M, *shape]``, constants first; None for a ReLU."""
        given = values[self.inputs[0]]
        if self.affine is not None:
            result = self.affine.linear(given)
            result[:1] = self.affine(given[:1])
            return result
        return given + values[self.inputs[1]] if self.is_sum else None


@dataclass(frozen=True)
class Network:
    """Steps in order; step k gives value k + 1, and the last value is the logits ``[K]``."""

    size: Shape
    """Of a picture: ``[C, H, W]``."""
    steps: tuple[Step, ...]

    @property
    def output(self) -> int:
        """The number of the logits' value."""
        return len(self.steps)

    @property
    def classes(self) -> int:
        return self.shape_of(self.output)[0]

    @property
    def _weights(self) -> Iterator[Tensor]:
        for step in self.steps:
            for part in vars(step.affine).values() if step.affine is not None else ():
                if isinstance(part, Tensor):
                    yield part

    @property
    def dtype(self) -> torch.dtype:
        return next((x.dtype for x in self._weights), torch.float32)

    @property
    def device(self) -> torch.device:
        return next((x.device for x in self._weights), torch.device("cpu"))

    def shape_of(self, value: int) -> Shape:
        return self.steps[value - 1].shape if value else self.size

    def step_of(self, value: int) -> Step:
        """The step that gives a value."""
        return self.steps[value - 1]

    @property
    def activations(self) -> tuple[int, ...]:
        """The numbers of the values that a ReLU reads, in order."""
        return tuple(step.inputs[0] for step in self.steps if step.is_relu)

    @property
    def neurons(self) -> int:
        """How many ReLUs there are, those of max pooling included."""
        return sum(torch.Size(step.shape).numel() for step in self.steps if step.is_relu)

    def to(self, dtype: torch.dtype, device: torch.device | None = None) -> "Network":
        """The same network in another dtype, on another device."""
        steps = (
            replace(step, affine=cast(step.affine, dtype, device)) if step.affine else step
            for step in self.steps
        )
        return replace(self, steps=tuple(steps))

    def values(self, x: Tensor) -> Iterator[Tensor]:
        """All values for pictures ``[N, C, H, W]``, the pictures first and the logits last."""
        found = [x]
        yield x
        for step in self.steps:
            given = [found[k] for k in step.inputs]
            if step.affine is not None:
                result = step.affine(given[0])
            elif step.is_relu:
                result = given[0].relu()
            else:
                result = given[0] + given[1]
            found.append(result)
            yield result

    def __call__(self, x: Tensor) -> Tensor:
        """Logits ``[N, K]``."""
        *_, logits = self.values(x)
        return logits
