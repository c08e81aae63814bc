"""Oracle: the model as an attack may see it. Counts passes, takes gradients, reports to the observer."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy

import torch
from torch import Tensor

from robust_core.attacks import knowledge as known
from robust_core.attacks import losses
from robust_core.attacks.checks import check_classes, check_logits
from robust_core.attacks.ledger import Ledger
from robust_core.attacks.scale import COMPARABLE, Units
from robust_core.contract import Asked
from robust_core.goals import Aim
from robust_core.probabilities import LOGITS, Reading

FOLDED = 64
"""Iterates after which their losses become one tensor. Small tensors kept among large ones that come and
go split the memory that those leave: long attacks on large pictures would take gigabytes for nothing."""

BESIDE = 256
"""Pictures beside the batch that the model is asked about at once."""


class Oracle:
    """Forward and backward passes of ``model`` on behalf of a batch of N pictures.

    Its answers reach the attack as logits, whatever the model answers with (``reading``); where the attack
    may know the labels alone (``knowledge``), as one-hot rows. An attack that may not know the gradient
    gets a ``RuntimeError`` for taking one; one that may ask ``limit`` times gets it for asking about a
    picture once more.

    Where ``free`` (bool ``[N, 1, H, W]``; None: everything) is false, the model and the observer see
    ``images`` whatever the attack shows, so that gradients are 0 there.

    Calls inside ``with oracle.within(rows)`` are about those pictures of the batch only, so that passes
    are counted for the right pictures after others have finished and left. ``given`` is the dtype of
    the caller's pictures, where ``images`` are in another.

    An observer with a method ``follow`` gets the ledger before the first pass: there it can read the
    queries spent, and the curve so far.
    """

    def __init__(
        self,
        model: Callable[[Tensor], Tensor],
        images: Tensor,
        observer: Callable[[Tensor, Tensor], object] | None = None,
        recording: bool = True,
        given: torch.dtype | None = None,
        free: Tensor | None = None,
        knowledge: str = known.WHITE_BOX,
        limit: int | None = None,
    ) -> None:
        self.knowledge = knowledge
        self.ledger = Ledger(len(images), images.device, limit)
        self.given = given
        self._images = images
        self._free = free
        self._model = model
        self._asked = Asked(model, given)
        self.observer = observer
        follow = getattr(observer, "follow", None)
        if follow is not None:
            follow(self.ledger)
        self.size = len(images)
        self.dtype = images.dtype
        self.device = images.device
        self.recording = recording or observer is not None
        self._trace: list[tuple[Tensor | None, Tensor]] = []
        self._traced: list[Tensor] = []
        self._rows: Tensor | None = None
        self._checked = False
        self._beside = 0
        self.reading = Reading()
        self._units = Units(self.size)
        self._channel: Callable[[Tensor], Tensor] | None = None

    @contextmanager
    def within(self, rows: Tensor) -> Iterator[None]:
        """Inside, the i-th picture is the one that is ``rows[i]`` outside (indices or a mask).

        An index may be there several times: then a pass is about several views of that picture, and each
        is counted.
        """
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
        """Inside, ``model`` is asked instead; the last ``beside`` of its logits are not classes."""
        alone = self._model, self._asked, self._beside, self.reading, self._units
        if model is not self._model:
            self.reading = Reading()
            self._units = Units(self.size)
        self._model = model
        self._asked = Asked(model, self.given)
        self._beside = beside
        if beside:
            self.reading.kind = LOGITS
        try:
            yield
        finally:
            self._model, self._asked, self._beside, self.reading, self._units = alone

    @contextmanager
    def knowing(self, knowledge: str) -> Iterator[None]:
        """Inside, another part of the attack, or its judge, knows as much as it may."""
        outer, self.knowledge = self.knowledge, knowledge
        try:
            yield
        finally:
            self.knowledge = outer

    @property
    def model(self) -> Callable[[Tensor], Tensor]:
        """The model itself, for attacks that may know everything about it."""
        self._white_box("reach for the model itself")
        return self._model

    def _white_box(self, what: str) -> None:
        if self.knowledge != known.WHITE_BOX:
            raise known.refuse(self.knowledge, what)

    def budget(self, most: int) -> int:
        """How many queries there are for each picture asked about: ``most``, or what its limit leaves."""
        if self.ledger.limit is None:
            return most
        spent = self.ledger.spent if self._rows is None else self.ledger.spent[self._rows]
        return min(most, self.ledger.limit - int(spent.max()))

    @contextmanager
    def through(self, channel: Callable[[Tensor], Tensor]) -> Iterator[None]:
        """Inside, the model sees ``channel(pictures)``, as through a camera. Masks hold before it."""
        outer, self._channel = self._channel, channel
        try:
            yield
        finally:
            self._channel = outer

    @property
    def free(self) -> Tensor | None:
        """Where the pictures asked about may change, bool ``[n, 1, H, W]``; None: everywhere."""
        return self._free if self._free is None or self._rows is None else self._free[self._rows]

    def keep(self, x: Tensor) -> Tensor:
        """``x`` ``[n, C, H, W]`` with what may not change as it was."""
        free = self.free
        if free is None:
            return x
        images = self._images if self._rows is None else self._images[self._rows]
        return torch.where(free, x, images)

    def _forward(self, x: Tensor, aim: Aim | None = None) -> Tensor:
        self.ledger.spend(self._rows)
        logits = self._ask(x)
        self._units.see(logits, self._rows)
        if aim is not None and not self._checked:  # only once: it makes the GPU synchronise
            check_classes(aim.classes, logits[:, : logits.shape[1] - self._beside])
            self._checked = True
        self.count("queries")
        return logits

    def _ask(self, x: Tensor) -> Tensor:
        kept = self.keep(x)
        answers = self._asked(kept if self._channel is None else self._channel(kept))
        check_logits(answers, x)
        if self.knowledge in known.LABELS_ALONE:
            return known.one_hot(answers)
        return self.reading(answers)

    @property
    def factor(self) -> Tensor | None:
        """What margins and gradients of each picture asked about are multiplied by ``[n]`` (``scale``).

        None: nothing, as for all ordinary logits.
        """
        return self._units.of(self._rows)

    def reader(self) -> Callable[[Tensor], Tensor]:
        """From the present model's answers to logits of comparable spread, also while another is asked."""
        reading, units = self.reading, Units(self.size, COMPARABLE)

        def read(answers: Tensor) -> Tensor:
            logits = reading(answers)
            units.see(logits, self._rows)
            factor = units.of(self._rows)
            return logits if factor is None else logits * factor.unsqueeze(1)

        return read

    def count(self, what: str, rows: Tensor | None = None) -> None:
        """Count one more for the pictures ``rows`` (indices or a mask; None for all)."""
        self.ledger.count(what, self._outside(rows))

    def tally(self, what: str) -> Tensor:
        """How often each picture was counted, int64 ``[N]``."""
        return self.ledger.tally(what)

    @torch.no_grad()
    def logits(self, x: Tensor, aim: Aim | None = None) -> Tensor:
        """Logits ``[N, K]`` without a graph; with ``aim``, rejects classes that the model lacks.

        One-hot rows where the labels alone may be known.
        """
        return self._forward(x, aim)

    def judge(self, x: Tensor, aim: Aim) -> Tensor:
        """Which pictures reach the goal, bool ``[N]``: one query for each."""
        return aim.success(self.logits(x, aim))

    def note(self, margin: Tensor, reached: Tensor) -> None:
        """The best margin of each picture asked about ``[n]`` after its last query, for the record."""
        rows = self.indices
        self.ledger.note(rows, self.ledger.spent[rows], margin, reached)

    def nearer(self, queries: Tensor, distance: Tensor) -> None:
        """Views of the pictures asked about ``[n]`` that reached the goal, at their query numbers."""
        self.ledger.nearer(self.indices, queries, distance)

    @property
    def indices(self) -> Tensor:
        """Where the pictures asked about are in the batch, int64 ``[n]``."""
        return torch.arange(self.size, device=self.device) if self._rows is None else self._rows

    @torch.no_grad()
    def survey(self, x: Tensor, batch: int) -> Tensor:
        """Logits ``[n, K]`` of many pictures, ``batch`` at a time, without a graph."""
        self.count("queries")
        parts = []
        for rows in torch.arange(len(x), device=x.device).split(batch):
            with self.within(rows):
                parts.append(self._ask(x[rows]))
        logits = torch.cat(parts)
        self._units.see(logits, self._rows)  # the first call has to be about all
        return logits

    @torch.no_grad()
    def beside(self, x: Tensor) -> Tensor:
        """Answers ``[n, K]`` about pictures ``[n, C, H, W]`` that are not in the batch.

        What is learnt from them serves all pictures asked about, so each of these counts all n queries.
        """
        self.ledger.spend(self._rows, len(x))
        self.ledger.count("queries", self._rows, len(x))
        parts = []
        for part in x.split(BESIDE):
            answers = self._asked(part)
            check_logits(answers, part)
            labels = self.knowledge in known.LABELS_ALONE
            parts.append(known.one_hot(answers) if labels else self.reading(answers))
        return torch.cat(parts)

    def own(self, model: Callable[[Tensor], Tensor]) -> "Oracle":
        """An oracle for a model of the attacker's own, about which everything may be known.

        Its passes are not queries. The observer and the trace are those of this one.
        """
        twin = copy(self)
        twin.knowledge = known.WHITE_BOX
        twin.ledger = Ledger(self.size, self.device)
        twin._model, twin._asked, twin._beside = model, Asked(model, self.given), 0
        twin.reading, twin._units, twin._checked = Reading(), Units(self.size), False
        return twin

    @torch.no_grad()
    def check(self, x: Tensor, aim: Aim) -> Tensor:
        """Logits of a pass outside the attack; rejects a model or classes that do not fit."""
        logits = self._ask(x)
        check_classes(aim.classes, logits)
        return logits

    def show_last(self, x: Tensor, aim: Aim, loss: str) -> None:
        """Let the observer, if any, see the last iterate; neither counted nor part of the trace."""
        if self.observer is not None:
            value = losses.ascended(loss, aim, self.check(x, aim))
            self.observer(self.keep(x).detach().clone(), losses.shown(loss, aim, value).clone())

    def ascent(self, x: Tensor, aim: Aim, loss: str) -> tuple[Tensor, Tensor]:
        """Gradient of the goal's loss at ``x``, independent for each picture, and the logits.

        Where the logits are far from ordinary, the gradient is in the picture's own unit (``factor``).
        The losses are summed over the batch, so that gradients are not divided by the batch size.
        With "ce", pictures whose gradient is exactly zero get the margin's, and are counted. Raises
        ``ValueError`` where a label is not a class of the model.
        """
        gradient, logits = self._gradient(x, aim, loss)
        largest = gradient.abs().amax(tuple(range(1, x.ndim)))  # vector_norm(inf): ten times that
        if not all(0 < value < math.inf for value in largest.tolist()):  # nor is NaN
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
        return self.pull(logits, x, self.slope(logits.detach(), aim, loss)), logits.detach()

    def follow(self, x: Tensor, aim: Aim) -> tuple[Tensor, Tensor]:
        """``x`` as a leaf of a graph, and the logits ``[N, K]`` computed from it."""
        self._white_box("take a gradient")
        x = x.detach().requires_grad_()
        return x, self._forward(x, aim)

    def pull(self, logits: Tensor, x: Tensor, slope: Tensor, *, keep: bool = False) -> Tensor:
        """Gradient ``[N, C, H, W]`` at ``x``, given the gradient ``slope`` ``[N, K]`` in the logits.

        ``keep`` the graph if another pull follows.
        """
        self.count("gradients")
        gradient = None
        if logits.requires_grad:
            (gradient,) = torch.autograd.grad(
                logits, x, slope, allow_unused=True, retain_graph=keep
            )
        # None: the model's output does not depend on the picture.
        return torch.zeros_like(x) if gradient is None else gradient

    def slope(self, logits: Tensor, aim: Aim, loss: str) -> Tensor:
        """Gradient of the goal's loss in detached logits, ``[N, K]``, in the pictures' units."""
        factor = self.factor
        if factor is None:
            return self._plain_slope(logits, aim, loss)
        factor = factor.unsqueeze(1)
        # Cross-entropy depends on the scale. The others do not, and get logits that they can divide by.
        softmax = loss in ("ce", "softmax-ce")
        return self._plain_slope(logits if softmax else logits * factor, aim, loss) * factor

    @staticmethod
    def _plain_slope(logits: Tensor, aim: Aim, loss: str) -> Tensor:
        if loss == "ce":  # half as many small autograd operations, which matter at batch 1
            slope = losses.log_odds_slope(logits, aim.classes)
            return slope.neg_() if aim.towards else slope
        logits.requires_grad_()
        value = losses.ascended(loss, aim, logits)
        return torch.autograd.grad(value.sum(), logits)[0]

    def record(self, x: Tensor, aim: Aim, loss: str, logits: Tensor) -> None:
        """``observe`` the iterate ``x`` with the loss ascended there, if anybody wants it."""
        if self.recording:
            self.observe(x, losses.shown(loss, aim, losses.ascended(loss, aim, logits)))

    def observe(self, x: Tensor, value: Tensor) -> None:
        """Keep the loss for the trace; hand copies of the pictures and the loss to the observer."""
        self._trace.append((self._rows, value))
        if len(self._trace) == FOLDED:
            self._traced.append(self._columns())
            self._trace.clear()
        if self.observer is not None:
            self.observer(self.keep(x).detach().clone(), value.clone())

    def trace(self) -> Tensor:
        """Losses ``[N, T]``, NaN where a picture took no part."""
        return torch.cat([*self._traced, self._columns()], dim=1)

    def _columns(self) -> Tensor:
        """Those since ``_traced``, ``[N, t]`` on the CPU."""
        matrix = torch.full(
            (self.size, len(self._trace)), torch.nan, dtype=self.dtype, device="cpu"
        )
        for column, (rows, value) in zip(matrix.T, self._trace, strict=True):
            column[slice(None) if rows is None else rows.cpu()] = value.to("cpu", self.dtype)
        return matrix
