"""Oracle: the model as an attack sees it. Counts passes, takes gradients, reports to the observer."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

from robust_core.attacks import losses
from robust_core.attacks.checks import check_classes, check_logits
from robust_core.goals import Aim

COUNTERS = ("iterations", "queries", "gradients", "zero_gradients")


class Oracle:
    """Forward and backward passes of ``model`` on behalf of a batch of N pictures.

    Calls inside ``with oracle.within(rows)`` are about those pictures of the batch alone, so that each
    picture's passes are counted although finished ones have left.
    """

    def __init__(
        self,
        model: Callable[[Tensor], Tensor],
        images: Tensor,
        observer: Callable[[Tensor, Tensor], object] | None = None,
        recording: bool = True,
    ) -> None:
        self.model = model
        self.observer = observer
        self.size = len(images)
        self.dtype = images.dtype
        self.device = images.device
        self._counted: dict[str, list[Tensor | None]] = {name: [] for name in COUNTERS}
        self.recording = recording or observer is not None
        self._trace: list[tuple[Tensor | None, Tensor]] = []
        self._rows: Tensor | None = None
        self._checked = False
        self._beside = 0

    @contextmanager
    def within(self, rows: Tensor) -> Iterator[None]:
        """Inside, the i-th picture is the one that was ``rows[i]`` outside (indices or a mask)."""
        outer = self._rows
        if rows.dtype == torch.bool:
            rows = rows.nonzero().squeeze(1)
        self._rows = self._outside(rows)
        try:
            yield
        finally:
            self._rows = outer

    def _outside(self, rows: Tensor | None) -> Tensor | None:
        if rows is None or self._rows is None:
            return self._rows if rows is None else rows
        return self._rows[rows]

    @contextmanager
    def asking(self, model: Callable[[Tensor], Tensor], *, beside: int) -> Iterator[None]:
        """Inside, ``model`` is asked instead; the last ``beside`` of its logits are no classes."""
        alone = self.model, self._beside
        self.model = model
        self._beside = beside
        try:
            yield
        finally:
            self.model, self._beside = alone

    def _forward(self, x: Tensor, aim: Aim | None = None) -> Tensor:
        logits = self._ask(x)
        if aim is not None and not self._checked:  # once: it makes a GPU wait
            check_classes(aim.classes, logits[:, : logits.shape[1] - self._beside])
            self._checked = True
        self.count("queries")
        return logits

    def _ask(self, x: Tensor) -> Tensor:
        logits = self.model(x)
        check_logits(logits, x)
        if logits.is_inference():  # of a model that answers so: no part in autograd
            logits = logits.clone()
        return logits.float() if logits.dtype in (torch.float16, torch.bfloat16) else logits

    def count(self, what: str, rows: Tensor | None = None) -> None:
        """Count one more for the pictures ``rows``: indices or a mask, None for all."""
        self._counted[what].append(self._outside(rows))  # added up when asked for: most never ask

    def tally(self, what: str) -> Tensor:
        """How often each picture was counted, int64 ``[N]``."""
        total = torch.zeros(self.size, dtype=torch.int64, device=self.device)
        for rows in self._counted[what]:
            total[slice(None) if rows is None else rows] += 1
        return total

    @torch.no_grad()
    def logits(self, x: Tensor, aim: Aim | None = None) -> Tensor:
        """Logits ``[N, K]`` without a graph; with ``aim``, refuses classes that the model lacks."""
        return self._forward(x, aim)

    @torch.no_grad()
    def check(self, x: Tensor, aim: Aim) -> Tensor:
        """Logits of a pass that is no part of the attack; refuses a model or classes that do not fit."""
        logits = self._ask(x)
        check_classes(aim.classes, logits)
        return logits

    def show_last(self, x: Tensor, aim: Aim, loss: str) -> None:
        """Let the observer, if any, see the last iterate; neither counted nor part of the trace."""
        if self.observer is not None:
            value = losses.ascended(loss, aim, self.check(x, aim))
            self.observer(x.detach().clone(), losses.shown(loss, aim, value).clone())

    def ascent(self, x: Tensor, aim: Aim, loss: str) -> tuple[Tensor, Tensor]:
        """Gradient of the goal's loss at ``x``, one picture independent of another, and the logits.

        The losses are summed over the batch, so that no picture's gradient is divided by its size.
        With "ce", pictures whose gradient is exactly zero get that of the margin. Each is counted.
        Raises ``ValueError`` where a label is no class of the model.
        """
        gradient, logits = self._gradient(x, aim, loss)
        largest = gradient.abs().amax(tuple(range(1, x.ndim)))  # vector_norm(inf): ten times that
        if not all(0 < value < math.inf for value in largest.tolist()):  # NaN is not either
            gradient = self._mend(gradient, x, aim, loss)
        self.count("iterations")
        self.record(x, aim, loss, logits)
        return gradient, logits

    def _mend(self, gradient: Tensor, x: Tensor, aim: Aim, loss: str) -> Tensor:
        """A copy with finite numbers only, and the margin's gradient where that of "ce" is zero."""
        gradient = gradient.nan_to_num(nan=0.0)
        vanished = (~gradient.flatten(1).any(1)).nonzero().squeeze(1)
        if len(vanished):
            self.count("zero_gradients", vanished)
            if loss == "ce":
                with self.within(vanished):
                    second = self._gradient(x[vanished], aim[vanished], "margin")[0]
                gradient[vanished] = second.nan_to_num(nan=0.0)
        return gradient

    def _gradient(self, x: Tensor, aim: Aim, loss: str) -> tuple[Tensor, Tensor]:
        """The gradient of the goal's loss at ``x``, and the logits there."""
        x, logits = self.follow(x, aim)
        return self.pull(logits, x, self._slope(logits.detach(), aim, loss)), logits.detach()

    def follow(self, x: Tensor, aim: Aim) -> tuple[Tensor, Tensor]:
        """``x`` as a leaf of a graph, and the logits ``[N, K]`` that hang on it."""
        x = x.detach().requires_grad_()
        return x, self._forward(x, aim)

    def pull(self, logits: Tensor, x: Tensor, slope: Tensor, *, keep: bool = False) -> Tensor:
        """Gradient ``[N, C, H, W]`` at ``x`` where the slope in the logits is ``slope`` ``[N, K]``.

        ``keep`` the graph where another pull follows.
        """
        self.count("gradients")
        gradient = None
        if logits.requires_grad:
            (gradient,) = torch.autograd.grad(
                logits, x, slope, allow_unused=True, retain_graph=keep
            )
        # None: the model's output does not depend on the picture.
        return torch.zeros_like(x) if gradient is None else gradient

    @staticmethod
    def _slope(logits: Tensor, aim: Aim, loss: str) -> Tensor:
        """Gradient of the goal's loss with respect to the logits, ``[N, K]``."""
        if loss == "ce":  # half the small operations of autograd, which count at batch 1
            slope = losses.log_odds_slope(logits, aim.classes)
            return slope.neg_() if aim.towards else slope
        logits.requires_grad_()
        value = losses.ascended(loss, aim, logits)
        return torch.autograd.grad(value.sum(), logits)[0]

    def record(self, x: Tensor, aim: Aim, loss: str, logits: Tensor) -> None:
        """``observe`` the iterate ``x`` by the loss that is ascended there, if anybody wants to know."""
        if self.recording:
            self.observe(x, losses.shown(loss, aim, losses.ascended(loss, aim, logits)))

    def observe(self, x: Tensor, value: Tensor) -> None:
        """Keep the loss for the trace; hand copies of the pictures and the loss to the observer."""
        self._trace.append((self._rows, value))
        if self.observer is not None:
            self.observer(x.detach().clone(), value.clone())

    def trace(self) -> Tensor:
        """Losses ``[N, T]``, NaN where a picture took no part."""
        matrix = torch.full((self.size, len(self._trace)), torch.nan, dtype=self.dtype)
        for column, (rows, value) in zip(matrix.T, self._trace, strict=True):
            column[slice(None) if rows is None else rows.cpu()] = value.to("cpu", self.dtype)
        return matrix
