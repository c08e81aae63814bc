"""Oracle: the model as an attack sees it. Counts passes, takes gradients, reports to the observer."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from robust_core.attacks import losses
from robust_core.attacks.checks import check_classes, check_logits
from robust_core.goals import Aim

COUNTERS = ("iterations", "queries", "gradients", "zero_gradients")


@contextmanager
def evaluating(model: object) -> Iterator[None]:
    """Every module of ``model`` in eval mode inside, each one's own mode restored afterwards.

    A model that is already in eval mode is not written to, so threads can share it.
    """
    training = _modules_in_training(model) if isinstance(model, nn.Module) else []
    for module in training:
        module.training = False
    try:
        yield
    finally:
        for module in training:
            module.training = True


def _modules_in_training(model: nn.Module) -> list[nn.Module]:
    """As ``[m for m in model.modules() if m.training]``, five times as fast: 1 % of an FGSM."""
    waiting: list[nn.Module | None] = [model]
    expanded: set[nn.Module] = set()
    training = []
    for module in waiting:  # which grows on the way
        if module is None:
            continue
        if module.training:
            training.append(module)
        if module._modules and module not in expanded:
            expanded.add(module)
            waiting.extend(module._modules.values())
    return training


class Oracle:
    """Forward and backward passes of ``model`` on behalf of a batch of N pictures.

    ``rows`` says which pictures of the batch a call is about (None: all of them), so that each
    picture's passes are counted although finished ones have left.
    """

    def __init__(
        self,
        model: Callable[[Tensor], Tensor],
        images: Tensor,
        observer: Callable[[Tensor, Tensor], object] | None = None,
        recording: bool = True,
    ) -> None:
        self.model, self.observer, self.size = model, observer, len(images)
        self.dtype, self.device = images.dtype, images.device
        self._counted: dict[str, list[Tensor | None]] = {name: [] for name in COUNTERS}
        self.recording = recording or observer is not None
        self._trace: list[tuple[Tensor | None, Tensor]] = []
        self._checked = False

    def _forward(self, x: Tensor, rows: Tensor | None, aim: Aim | None = None) -> Tensor:
        logits = self._ask(x)
        if aim is not None and not self._checked:  # once: it makes a GPU wait
            check_classes(aim.classes, logits)
            self._checked = True
        self.count("queries", rows)
        return logits

    def _ask(self, x: Tensor) -> Tensor:
        logits = self.model(x)
        check_logits(logits, x)
        return logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits

    def count(self, what: str, rows: Tensor | None = None) -> None:
        """Count one more for the pictures ``rows``: indices or a mask of the batch, None for all."""
        self._counted[what].append(rows)  # added up when asked for: most callers never ask

    def tally(self, what: str) -> Tensor:
        """How often each picture was counted, int64 ``[N]``."""
        total = torch.zeros(self.size, dtype=torch.int64, device=self.device)
        for rows in self._counted[what]:
            total[slice(None) if rows is None else rows] += 1
        return total

    @torch.no_grad()
    def logits(self, x: Tensor, rows: Tensor | None = None, aim: Aim | None = None) -> Tensor:
        """Logits ``[N, K]`` without a graph; with ``aim``, refuses classes that the model lacks."""
        return self._forward(x, rows, aim)

    @torch.no_grad()
    def check(self, x: Tensor, aim: Aim) -> Tensor:
        """Logits of a pass that is no part of the attack; refuses a model or classes that do not fit."""
        logits = self._ask(x)
        check_classes(aim.classes, logits)
        return logits

    def show_last(self, x: Tensor, aim: Aim, loss: str) -> None:
        """Let the observer, if any, see the last iterate; neither counted nor part of the trace."""
        if self.observer is not None:
            value = aim.loss(self.check(x, aim), losses.differentiated(loss, aim.towards))
            shown = aim.report(value, losses.LOSSES[loss][1])
            self.observer(x.detach().clone(), shown.clone())

    def ascent(self, x: Tensor, aim: Aim, loss: str, rows: Tensor | None = None) -> Tensor:
        """Gradient of the goal's loss at ``x`` with respect to ``x``, one picture independent of another.

        The losses are summed over the batch, so that no picture's gradient is divided by its size.
        With "ce", pictures whose gradient is exactly zero get that of the margin. Each is counted.
        Raises ``ValueError`` where a label is no class of the model.
        """
        gradient, logits = self._gradient(x, aim, loss, rows)
        largest = torch.linalg.vector_norm(gradient, torch.inf, tuple(range(1, x.ndim)))
        if not all(0 < value < math.inf for value in largest.tolist()):  # NaN is not either
            gradient = self._mend(gradient, x, aim, loss, rows)
        self.count("iterations", rows)
        if self.recording:
            value = aim.loss(logits, losses.differentiated(loss, aim.towards))
            self.observe(x, aim.report(value, losses.LOSSES[loss][1]), rows)
        return gradient

    def _mend(
        self, gradient: Tensor, x: Tensor, aim: Aim, loss: str, rows: Tensor | None
    ) -> Tensor:
        """A copy with finite numbers only, and the margin's gradient where that of "ce" is zero."""
        gradient = gradient.nan_to_num(nan=0.0)
        vanished = ~gradient.flatten(1).any(1)
        if bool(vanished.any()):
            self.count("zero_gradients", vanished if rows is None else rows[vanished])
            if loss == "ce":
                again = vanished.nonzero().squeeze(1)
                all_rows = again if rows is None else rows[again]
                second = self._gradient(x[again], aim[again], "margin", all_rows)[0]
                gradient[again] = second.nan_to_num(nan=0.0)
        return gradient

    def _gradient(
        self, x: Tensor, aim: Aim, loss: str, rows: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """The gradient of the goal's loss at ``x``, and the logits there."""
        x = x.detach().requires_grad_()
        logits = self._forward(x, rows, aim)
        gradient = None
        if logits.requires_grad:
            slope = self._slope(logits.detach(), aim, loss)
            (gradient,) = torch.autograd.grad(logits, x, slope, allow_unused=True)
        if gradient is None:  # the model's output does not depend on the picture
            gradient = torch.zeros_like(x)
        self.count("gradients", rows)
        return gradient, logits.detach()

    @staticmethod
    def _slope(logits: Tensor, aim: Aim, loss: str) -> Tensor:
        """Gradient of the goal's loss with respect to the logits, ``[N, K]``."""
        if loss == "ce":  # half the small operations of autograd, which count at batch 1
            slope = losses.log_odds_slope(logits, aim.classes)
            return slope.neg_() if aim.towards else slope
        logits.requires_grad_()
        value = aim.loss(logits, losses.differentiated(loss, aim.towards))
        return torch.autograd.grad(value.sum(), logits)[0]

    def observe(self, x: Tensor, value: Tensor, rows: Tensor | None = None) -> None:
        """Keep the loss for the trace; hand copies of the pictures and the loss to the observer."""
        self._trace.append((rows, value))
        if self.observer is not None:
            self.observer(x.detach().clone(), value.clone())

    def trace(self) -> Tensor:
        """Losses ``[N, T]``, NaN where a picture took no part."""
        matrix = torch.full((self.size, len(self._trace)), torch.nan, dtype=self.dtype)
        for column, (rows, value) in zip(matrix.T, self._trace, strict=True):
            column[slice(None) if rows is None else rows.cpu()] = value.to("cpu", self.dtype)
        return matrix
