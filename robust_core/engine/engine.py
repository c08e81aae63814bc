"""Which computation runs when, for whom, and when it stops."""

import atexit
import math
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from robust_core.engine.cache import MISSING, Cache, nbytes
from robust_core.engine.errors import Abandoned, Busy
from robust_core.engine.held import held
from robust_core.engine.jobs import Job, Reporter, Slot, T, Ticket
from robust_core.engine.keys import owner_of
from robust_core.engine.line import Line
from robust_core.engine.shares import Visitor
from robust_core.engine.threads import configure_threads, default_workers

PATIENCE = 5.0  # seconds that program exit waits for running steps


@dataclass(frozen=True)
class Stats:
    """Totals since the start (hits, misses, joined, abandoned) and current values (the rest)."""

    hits: int  # requests answered from the cache
    misses: int  # requests that started a computation
    joined: int  # requests that shared a computation already queued or running
    abandoned: int  # computations that were dropped or stopped because nobody waited
    queued: int  # that have not begun
    paused: int  # that have begun, and wait for their next turn
    running: int
    cache_bytes: int


class Engine:
    """Runs the computations of all sessions, each once, a few at a time, in turns.

    ``workers``: computations at a time (None: 1 on an accelerator, else up to 2).
    ``queue_limit``: computations that may wait, begun or not; one session may have 8 requests open,
    and one address half of the queue. ``cache_bytes``: memory for finished results.
    ``paused_bytes``: memory that computations which have begun may keep while others have their turn.
    ``budget``: seconds that one computation may compute. ``grace``: seconds that a computation
    outlives its last ticket, so that a page that reruns finds it again; a newer request of the same
    session and channel still ends it at once.

    Every method may be called from any thread. One lock guards all state; it is never held while
    work runs or a caller waits.
    """

    def __init__(
        self,
        workers: int | None = None,
        queue_limit: int = 256,
        cache_bytes: int = 256 * 2**20,
        paused_bytes: int = 512 * 2**20,
        budget: float = 120.0,
        grace: float = 0.0,
    ) -> None:
        self.workers = default_workers() if workers is None else workers
        if self.workers < 1 or queue_limit < 1:
            raise ValueError("workers and queue_limit must be at least 1")
        if not (budget > 0 and min(grace, cache_bytes, paused_bytes) >= 0):
            raise ValueError("budget must be positive; grace and bytes must not be negative")
        self.queue_limit = queue_limit
        self.budget = budget
        self.grace = grace
        self._cache = Cache(cache_bytes)
        self._jobs: dict[str, Job] = {}  # waiting or running, and open to new tickets
        self._line = Line(self.workers, paused_bytes)
        self._threads: set[threading.Thread] = set()  # one for each computation that has begun
        self._counts = dict.fromkeys(("hits", "misses", "joined", "abandoned"), 0)
        self._closed = False
        # Re-entrant: garbage collected under the lock may hold a ticket, which then leaves.
        self._lock = threading.RLock()

    def submit(
        self,
        key: str,
        work: Callable[[Reporter], T],
        *,
        session: str | None = None,
        address: str | None = None,
        channel: str = "main",
        errand: bool = False,
        background: bool = False,
        budget: float | None = None,
    ) -> Ticket[T]:
        """Ask for the result of ``work(progress)``, which ``key`` identifies completely.

        A kept result is returned at once, and a queued or running computation with the same key
        is shared. An older request of the same session and channel with another key is replaced:
        its ticket raises ``Abandoned``. Without a session nothing is replaced. ``address``: where
        the session comes from, which shares the machine equally with other addresses. An
        ``errand`` waits (for a download) more than it computes: it takes no turn from computations
        and has no budget; any other may have a ``budget`` of its own, in seconds. What is asked for
        in the ``background`` computes only while no other request waits for a turn, and counts as any
        other once somebody asks for it in the foreground.

        Raises ``Busy`` when the queue, or this visitor's part of it, is full, and ``RuntimeError``
        on a closed engine or when called by a work function of this engine, which could deadlock.
        """
        slot = None if session is None else (session, channel)
        with self._lock:
            if self._closed:
                raise RuntimeError("the engine is closed")
            if threading.current_thread() in self._threads:
                raise RuntimeError("a work function may not submit to the engine that runs it")
            self._replace(slot, key)
            kept = self._cache.get(key)
            if kept is not MISSING:
                self._counts["hits"] += 1
                job = Job(key, work=None)
                job.value, job.notices = kept
                return Ticket(self, job, slot, cached=True)
            visitor = (address, session)
            shared = self._jobs.get(key)
            job = shared or self._open(
                Job(key, work, errand=errand, budget=budget), visitor, background
            )
            self._counts["joined" if shared else "misses"] += 1
            now = time.monotonic()
            self._line.join(job, visitor, now, background)
            ticket: Ticket[T] = Ticket(
                self, job, slot, visitor=visitor, background=background, cached=False
            )
            job.tickets.add(ticket)
            self._give_turns(now)
            return ticket

    def withdraw(self, session: str, channel: str = "main") -> None:
        """End this session's request in this channel at once, without grace: a stop button."""
        with self._lock:
            self._replace((session, channel), None)

    def peek(self, key: str) -> Any:
        """The kept result, shared and immutable, or None; counts as a use, not as a request."""
        with self._lock:
            kept = self._cache.get(key)
        return None if kept is MISSING else kept[0]

    def notices(self, key: str) -> tuple[str, ...]:
        """The notices of the kept result's computation; empty where nothing is kept."""
        with self._lock:
            kept = self._cache.get(key)
        return () if kept is MISSING else kept[1]

    def forget(self, owner: str | None = None) -> None:
        """Drop every kept result, or those that belong to the session ``owner`` alone.

        Running computations go on.
        """
        with self._lock:
            for key in self._cache:
                if owner is None or owner_of(key) == owner:
                    self._cache.drop(key)

    def stats(self) -> Stats:
        with self._lock:
            paused = sum(job.began for job in self._line.waiting)
            return Stats(
                **self._counts,
                queued=len(self._line.waiting) - paused,
                paused=paused,
                running=len(self._line.running),
                cache_bytes=self._cache.bytes,
            )

    def close(self) -> None:
        """Abandon everything and let the threads end; does not wait for them."""
        with self._lock:
            self._closed = True
            for job in self._line:
                for ticket in tuple(job.tickets):
                    self._drop(ticket, at=-math.inf)
                job.left_at = -math.inf
            self._prune()
            self._cache.clear()
        atexit.unregister(self._at_exit)

    def _at_exit(self) -> None:
        """Let the threads reach their next step: torch aborts a process that ends inside it."""
        self.close()
        end = time.monotonic() + PATIENCE
        for thread in tuple(self._threads):
            thread.join(max(0.0, end - time.monotonic()))

    # For tickets and progress.

    def leave(self, ticket: Ticket) -> None:
        """Unsubscribe ``ticket``; see `Ticket.leave`."""
        with self._lock:
            self._drop(ticket, at=time.monotonic())
            self._prune()

    def place(self, job: Job) -> int:
        """See `Ticket.place`."""
        now = time.monotonic()
        with self._lock:
            if job.began or job not in self._line.waiting:
                return 0
            line = self._line.in_order()
            ahead = line[: line.index(job)]
            return 1 + sum(other.wanted(now, self.grace) for other in ahead)

    def advance(self, job: Job, step: int, total: int | None) -> None:
        """Note the progress of ``job``, let others have their turn, or raise why it stops."""
        now = time.monotonic()
        with self._lock:
            job.step = step
            job.total = total
            self._line.charge(now)
            self._check(job, now)
            others = job.stop is None and self._line.rival(job, now) is not None
        if others:
            self._stand_back(job)
        if job.stop is not None:
            raise job.stop

    def _stand_back(self, job: Job) -> None:
        """Give the turn of ``job`` away, if its memory can wait, and wait for the next one."""
        kept = held(sys._getframe(2), Engine._run.__code__, skip=(Engine, Job, Reporter))
        now = time.monotonic()
        with self._lock:
            self._prune()
            job.held = kept
            rival = self._line.rival(job, now)
            job.slice_at = now
            if rival is None:
                return
            self._line.pause(job)
            job.turn.clear()
            self._give_turn(rival, now)
        job.turn.wait()
        with self._lock:
            self._check(job, time.monotonic())

    # Under the lock.

    def _open(self, job: Job, visitor: Visitor, background: bool) -> Job:
        """Accept a new computation, where there is room in the queue for it and for its visitor."""
        self._prune()
        refusal = self._line.refusal(visitor, self.queue_limit, background)
        if refusal:
            raise Busy(refusal)
        self._jobs[job.key] = job
        return job

    def _check(self, job: Job, now: float) -> None:
        """Note why ``job`` has to stop, if it has."""
        if job.stop is None:
            job.stop = job.reason_to_stop(now, self.grace, self.budget)
            self._counts["abandoned"] += isinstance(job.stop, Abandoned)
        if job.stop is not None:
            # From here on it cannot be rejoined: a new request gets a new computation.
            self._close_to_new_tickets(job)

    def _replace(self, slot: Slot | None, key: str | None) -> None:
        """Drop this session's earlier request in this channel, unless it is for ``key`` too."""
        if slot is None:
            return
        for job in self._line:
            if job.key == key:
                continue
            for ticket in tuple(job.tickets):
                if ticket.slot == slot:
                    self._drop(ticket, at=-math.inf)
            if job.left_by == slot:
                job.left_at = -math.inf  # no grace: its session has moved on
        self._prune()

    def _drop(self, ticket: Ticket, at: float) -> None:
        job = ticket.job
        if ticket in job.tickets:
            job.tickets.remove(ticket)
            job.left_at = at
            job.left_by = ticket.slot
            job.asked_by = ticket.visitor
            job.was_background = ticket.background
            ticket.settle(left=True)

    def _prune(self) -> None:
        """Take the computations that nobody waits for out of the line."""
        now = time.monotonic()
        for job in tuple(self._line.waiting):
            if not job.wanted(now, self.grace):
                self._line.waiting.remove(job)
                self._check(job, now)
                job.turn.set()  # one that has begun ends at once: it need not wait for its turn

    def _give_turns(self, now: float) -> None:
        """Let all go on for whom there is room."""
        while not self._closed and (job := self._line.next()) is not None:
            self._give_turn(job, now)

    def _give_turn(self, job: Job, now: float) -> None:
        self._line.start(job, now)
        if job.began:
            job.turn.set()
            return
        job.began = True
        if not self._threads:
            configure_threads(self.workers)
            atexit.unregister(self._at_exit)
            atexit.register(self._at_exit)
        # One thread each: what stands still inside a step report keeps its stack.
        thread = threading.Thread(target=self._run, args=(job,), name="engine", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _close_to_new_tickets(self, job: Job) -> None:
        if self._jobs.get(job.key) is job:
            del self._jobs[job.key]

    # In the thread of a computation.

    def _run(self, job: Job) -> None:
        size = 0
        try:
            # Grad and inference mode belong to the thread, and end with it.
            with torch.inference_mode(False):
                assert job.work is not None  # released when the job is done
                job.value = job.work(Reporter(self, job))
            if job.stop is None:
                size = nbytes(job.value)
        except BaseException as error:  # any error goes to those who wait
            frames = error.__traceback__
            error.__traceback__ = frames and frames.tb_next  # without this frame, which holds job
            job.fail(error)
        if job.stop is not None:  # even if the work has caught it: its value may be half done
            job.value = None
            job.fail(job.stop)
        self._end(job, size)

    def _end(self, job: Job, size: int) -> None:
        """Keep the result, hand it to those who wait, and let the next one go."""
        now = time.monotonic()
        with self._lock:
            self._line.charge(now)
            self._line.running.discard(job)
            self._close_to_new_tickets(job)
            job.work = None  # pictures and models in the closure
            if job.error is None:
                self._cache.put(job.key, (job.value, job.notices), size)
            for ticket in job.tickets:
                ticket.settle(left=False)
            job.tickets.clear()
            self._threads.discard(threading.current_thread())
            self._prune()
            self._give_turns(now)
