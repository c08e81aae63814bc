"""The contract between a model and all who ask it: attacks, predictions, evaluations.

A model is any callable from at least one picture, ``[N, C, H, W]`` in [0, 1], to logits ``[N, K]``, one row
for each picture. What it is *given* is its own: it may write into it. A module is asked in its own dtype.
What it *gives* may be in half precision, or made in inference mode. A model that knows the size of its
pictures has ``check_pictures``, as ``Classifier`` does; any other takes any size.
"""

from collections.abc import Callable
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

HALF = (torch.float16, torch.bfloat16)
DEPENDS_ON_BATCH = (
    "The model's answers depend on the other pictures of the batch: it has batch normalisation without "
    "running statistics. What holds in this batch need not hold for a picture alone."
)


class Asked:
    """``ask``, a model or a method of one, with copies and dtypes as the contract says.

    Whether it writes into what it is given, and which dtype it takes, is found out by its first
    answer: then it is given a copy, and later only where that is needed. ``given`` is the dtype that the
    caller's pictures had, to be tried where the model refuses that of the arithmetic.
    """

    def __init__(self, ask: Callable[[Tensor], Any], given: torch.dtype | None = None) -> None:
        self.ask = ask
        self.given = given
        self._known = self._as_is = False
        self._writes = False
        self._dtype: torch.dtype | None = None

    def __call__(self, images: Tensor) -> Any:
        if self._as_is:
            return self.ask(images)
        if self._known:
            return self.ask(images.to(self._dtype, copy=self._writes))
        return self._first(images)

    def _first(self, images: Tensor) -> Any:
        try:
            return self._try(images, images.dtype)
        except torch.OutOfMemoryError:
            raise
        except (
            Exception
        ):  # torch's, of two dtypes that do not go together, or the model's own check
            for dtype in {_dtype_of(self.ask), self.given} - {images.dtype}:
                if dtype is None:
                    continue
                try:
                    return self._try(images, dtype)
                except Exception:  # not that either: the first error says more
                    continue
            raise

    def _try(self, images: Tensor, dtype: torch.dtype) -> Any:
        copy = images.to(dtype, copy=True)
        counted = not copy.is_inference()
        before = copy._version if counted else 0
        answer = self.ask(copy)
        written = counted and copy._version != before
        # The counter misses what is written through ``.data`` or numpy.
        self._writes = written or not torch.equal(copy.detach(), images.detach().to(dtype))
        self._dtype = dtype
        self._as_is = not self._writes and dtype == images.dtype
        self._known = True
        return answer


def _dtype_of(ask: object) -> torch.dtype | None:
    """The dtype of a module's first weight, also where ``ask`` is a method of it; None for others."""
    module = getattr(ask, "__self__", ask)
    if not isinstance(module, nn.Module):
        return None
    tensors = chain(module.parameters(), module.buffers())
    return next((x.dtype for x in tensors if x.is_floating_point()), None)


def usable(answer: Tensor) -> Tensor:
    """What a model gave, in float32 or better, and such that it can take part in autograd."""
    if answer.is_inference():
        answer = answer.clone()
    return answer.float() if answer.dtype in HALF else answer


def check_pictures(model: object, images: Tensor) -> None:
    """Raise ``ValueError`` where the model knows the size of its pictures and these have another."""
    check = getattr(model, "check_pictures", None)
    if check is not None:
        check(images)


def notices(model: object, attack: object = None) -> tuple[str, ...]:
    """What should be said of every result (of ``attack``) on this model, in sentences; usually nothing.

    A model that has more to say has ``notices_of``, as a defended one does.
    """
    own = getattr(model, "notices_of", None)
    told = own(attack) if own is not None else ()
    if isinstance(model, nn.Module) and any(map(_uses_the_batch, model.modules())):
        return (DEPENDS_ON_BATCH, *told)
    return told


def _uses_the_batch(module: nn.Module) -> bool:
    """Whether a module normalises by the batch even in eval mode."""
    return isinstance(module, _BatchNorm) and module.running_mean is None
