"""Writing a network down, value by value."""

import math
from collections import Counter
from dataclasses import replace

import torch
from torch import Tensor

from robust_core.verification.affine import Affine, Reshape, Scale, Shape, folded
from robust_core.verification.network import Network, Step


class Refusal(ValueError):
    """A model that cannot be compiled; the sentence names the layer."""

    @classmethod
    def of(cls, layer: str) -> "Refusal":
        return cls(
            f"{layer} cannot be compiled: verification knows dense layers, convolutions, batch "
            "normalisation, ReLU, average and max pooling, residual sums, flatten and dropout"
        )


class Builder:
    """Steps of a network so far. Each method adds one, and returns the number of its value."""

    def __init__(self, size: Shape) -> None:
        self.size = size
        self.steps: list[Step] = []

    def shape_of(self, value: int) -> Shape:
        return self.steps[value - 1].shape if value else self.size

    def _add(self, step: Step) -> int:
        self.steps.append(step)
        return len(self.steps)

    def affine(self, name: str, value: int, affine: Affine) -> int:
        """An affine map. Raises ``ValueError`` where it takes another shape."""
        shape = self.shape_of(value)
        if shape != tuple(affine.before):
            raise Refusal(
                f"{name} takes {list(affine.before)} for each picture; it is given {list(shape)}"
            )
        return self._add(Step(name, (value,), tuple(affine.after), affine))

    def scale(self, name: str, value: int, factor: Tensor | float, shift: Tensor | float) -> int:
        """``factor x + shift``."""
        like = next((x for x in (factor, shift) if isinstance(x, Tensor)), self.example())

        def tensor(x: Tensor | float) -> Tensor:
            return torch.as_tensor(x, dtype=like.dtype, device=like.device)

        return self.affine(name, value, Scale(tensor(factor), tensor(shift), self.shape_of(value)))

    def example(self) -> Tensor:
        """Some weight, for its dtype and device."""
        for step in reversed(self.steps):
            for part in vars(step.affine).values() if step.affine is not None else ():
                if isinstance(part, Tensor):
                    return part
        return torch.zeros((), dtype=torch.float32, device="cpu")

    def reshape(self, name: str, value: int, shape: Shape) -> int:
        """The same values in another shape; nothing where it is the same."""
        before = self.shape_of(value)
        if math.prod(shape) != math.prod(before):
            raise Refusal(f"{name} cannot be compiled: it mixes pictures of a batch")
        return value if shape == before else self.affine(name, value, Reshape(before, shape))

    def relu(self, name: str, value: int) -> int:
        return self._add(Step(name, (value,), self.shape_of(value)))

    def sum(self, name: str, first: int, second: int, larger: tuple[int, int] | None = None) -> int:
        """The sum of two values of the same shape."""
        shapes = self.shape_of(first), self.shape_of(second)
        if shapes[0] != shapes[1]:
            raise Refusal(f"{name} cannot be compiled: it adds {shapes[0]} to {shapes[1]}")
        return self._add(Step(name, (first, second), shapes[0], larger=larger))

    def end(self, value: int) -> None:
        """Make a value the last one: what comes later is not needed for it."""
        del self.steps[value:]

    def network(self) -> Network:
        if not self.steps:
            raise Refusal("model must have at least one layer")
        return Network(self.size, with_folds(self.steps))


def with_folds(steps: list[Step]) -> tuple[Step, ...]:
    """Batch normalisations, and other scales, in the layer before, where nothing else reads that."""
    readers = Counter(k for step in steps for k in (*step.inputs, *(step.larger or ())))
    kept: list[Step] = []
    number = {0: 0}
    for value, step in enumerate(steps, start=1):
        before = kept[number[step.inputs[0]] - 1] if number[step.inputs[0]] else None
        if (
            isinstance(step.affine, Scale)
            and before is not None
            and before.affine is not None
            and readers[step.inputs[0]] == 1
            and (whole := folded(before.affine, step.affine)) is not None
        ):
            number[value] = number[step.inputs[0]]
            kept[number[value] - 1] = replace(before, affine=whole)
            continue
        larger = step.larger and (number[step.larger[0]], number[step.larger[1]])
        kept.append(replace(step, inputs=tuple(number[k] for k in step.inputs), larger=larger))
        number[value] = len(kept)
    return tuple(kept)
