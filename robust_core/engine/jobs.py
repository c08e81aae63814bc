"""One computation (`Job`), and one session's interest in it (`Ticket`)."""

import math
import threading
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, Protocol, TypeVar

from robust_core.engine.errors import Abandoned, OutOfTime
from robust_core.engine.shares import Visitor

T = TypeVar("T")
Slot = tuple[str, str]  # session and channel: each has one request at a time


class Desk(Protocol):
    """What a reporter and a ticket need from their engine."""

    def advance(self, job: "Job", step: int, total: int | None) -> None: ...
    def place(self, job: "Job") -> int: ...
    def leave(self, ticket: "Ticket") -> None: ...


class Job:
    """A computation that waits, runs or has finished. The engine's lock guards its fields.

    An errand waits for something outside (a download) more than it computes: it takes no turn from
    computations, and has no time budget.
    """

    def __init__(
        self,
        key: str,
        work: Callable[["Reporter"], object] | None,
        *,
        errand: bool = False,
        budget: float | None = None,
    ) -> None:
        self.key = key
        self.work: Callable[[Reporter], object] | None = work
        self.errand = errand
        self.budget = budget  # seconds that it may compute; None: those of the engine
        self.tickets: set[Ticket] = set()
        self.step = 0
        self.total: int | None = None  # None before it is known
        self.shown: object = None  # the partial result so far
        self.notices: tuple[str, ...] = ()  # what those who get the result must be told
        self.began = False
        self.turn = threading.Event()  # set while it may compute, once it has begun
        self.turn_at = -math.inf  # when its last turn began, in monotonic seconds
        self.slice_at = -math.inf  # since when it has not asked whether others wait
        self.charged_at = -math.inf  # up to when its time is in the books
        self.seconds = 0.0  # that it has computed
        self.held = 0  # bytes that it keeps while it stands still
        self.left_at = -math.inf  # when the last ticket left
        self.left_by: Slot | None = None
        self.asked_by: Visitor = (None, None)  # the last who left
        self.was_background = False  # whether the last who left had asked in the background
        self.stop: RuntimeError | None = None  # why `progress` has stopped the work
        self.value: Any = None  # what ``work`` returned
        self.error: BaseException | None = None
        self.traceback: TracebackType | None = None

    def wanted(self, now: float, grace: float) -> bool:
        """Whether someone waits, or left so recently that they may come back."""
        return bool(self.tickets) or now < self.left_at + grace

    def reason_to_stop(self, now: float, grace: float, budget: float) -> RuntimeError | None:
        """What its next step report raises; None: it goes on."""
        if not self.wanted(now, grace):
            return Abandoned("Nobody waits for this result any more.")
        budget = budget if self.budget is None else self.budget
        if self.seconds > budget and not self.errand:
            return OutOfTime(
                f"The computation was stopped: it took longer than {budget:g} seconds. "
                "Fewer steps, queries, draws or votes take less time."
            )
        return None

    def askers(self) -> set[Visitor]:
        """Those who wait for it."""
        return {ticket.visitor for ticket in tuple(self.tickets)}

    def visitors(self) -> set[Visitor]:
        """Those who wait for it; where all have left, the last of them."""
        return self.askers() or {self.asked_by}

    @property
    def background(self) -> bool:
        """Whether nobody waits for it in the foreground; where all have left, whether the last did."""
        tickets = tuple(self.tickets)
        return all(ticket.background for ticket in tickets) if tickets else self.was_background

    def fail(self, error: BaseException) -> None:
        """Keep the error for those who wait, but not the tensors in its traceback's frames."""
        self.error = error
        self.traceback = error.__traceback__
        seen: set[int] = set()
        each: BaseException | None = error
        while each is not None and id(each) not in seen:
            traceback.clear_frames(each.__traceback__)
            seen.add(id(each))
            each = each.__cause__ or each.__context__


class Reporter:
    """Receives a computation's steps, and stops it."""

    def __init__(self, engine: Desk, job: Job) -> None:
        self._engine = engine
        self._job = job

    def __call__(self, step: int, total: int | None = None) -> None:
        """Report that ``step`` of ``total`` steps are done.

        Stands still where it is somebody else's turn. Raises ``Abandoned`` when nobody waits any
        more and ``OutOfTime`` when the budget is used up; after that the result is dropped, even if
        the computation catches the error.
        """
        self._engine.advance(self._job, step, total)

    def show(self, so_far: object) -> None:
        """Hand a partial result, which must not change afterwards, to those who wait.

        They find it in `Ticket.shown`. It is not cached.
        """
        self._job.shown = so_far  # one reference: needs no lock

    def notice(self, sentence: str) -> None:
        """Add a notice for everybody who gets the result; it is kept with the result."""
        self._job.notices = (*self._job.notices, sentence)


class Ticket(Generic[T]):
    """A place in the queue, then the progress, then the result.

    Leaving its ``with`` block, also by an exception, gives up a result that is not there yet; the
    work stops at its next step unless other tickets share it.
    """

    def __init__(
        self,
        engine: Desk,
        job: Job,
        slot: Slot | None,
        *,
        visitor: Visitor = (None, None),
        background: bool = False,
        cached: bool,
    ) -> None:
        self._engine = engine
        self.job = job
        self.slot = slot  # the session and channel that asked; None without a session
        self.visitor = visitor
        self.background = background
        self._over = threading.Event()
        self._left = False
        self.cached = cached  # the result was there before the request
        if cached:
            self._over.set()

    @property
    def key(self) -> str:
        return self.job.key

    @property
    def place(self) -> int:
        """1 for the next in line, 2 for the one after it, ...; 0 once the work has begun."""
        return self._engine.place(self.job)

    @property
    def step(self) -> int:
        """The steps done so far."""
        return self.job.step

    @property
    def total(self) -> int | None:
        """The number of steps, or None before it is known."""
        return self.job.total

    @property
    def shown(self) -> object:
        """The latest partial result; None before the first, and for a kept result."""
        return self.job.shown

    @property
    def notices(self) -> tuple[str, ...]:
        """The computation's notices, in sentences."""
        return self.job.notices

    @property
    def done(self) -> bool:
        """Whether `result` answers at once."""
        return self._over.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait up to ``timeout`` seconds (None: for ever), and return `done`."""
        return self._over.wait(timeout)

    def result(self) -> T:
        """The result, waiting for it where needed.

        It is shared with the cache and with other sessions, so treat it as immutable: copy it before
        changing it. Raises what the work raised, ``OutOfTime``, or ``Abandoned`` when this ticket was
        left or replaced before the result was there.
        """
        self._over.wait()
        if self._left:
            raise Abandoned("This request was left, or replaced by a newer one, before its result.")
        if self.job.error is not None:
            # Several sessions may raise the same error: each starts from where the work failed.
            raise self.job.error.with_traceback(self.job.traceback)
        return self.job.value

    def leave(self) -> None:
        """Give up the result; does nothing once the result is there."""
        self._engine.leave(self)

    def settle(self, *, left: bool) -> None:
        """For the engine, under its lock: stop this ticket's wait."""
        self._left = left
        self._over.set()

    def __enter__(self) -> "Ticket[T]":
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()
