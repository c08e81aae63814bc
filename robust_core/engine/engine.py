"""The queue: which computation runs when, for whom, and when it stops."""

import atexit
import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from robust_core.engine.cache import MISSING, Cache, nbytes
from robust_core.engine.errors import Abandoned, Busy, OutOfTime
from robust_core.engine.jobs import Job, Reporter, Slot, T, Ticket
from robust_core.engine.threads import configure_threads, default_workers

PATIENCE = 5.0  # seconds that program exit waits for running steps


@dataclass(frozen=True)
class Stats:
    """Totals since the start (hits, misses, joined, abandoned) and current values (the rest)."""

    hits: int  # requests answered from the cache
    misses: int  # requests that started a computation
    joined: int  # requests that shared a computation already queued or running
    abandoned: int  # computations that were dropped or stopped because nobody waited
    queued: int
    running: int
    cache_bytes: int


class Engine:
    """Runs the computations of all sessions, each once, a few at a time.

    ``workers``: computations at a time (None: 1 on an accelerator, else up to 2).
    ``queue_limit``: computations that may wait. ``cache_bytes``: memory for finished results.
    ``budget``: seconds that one computation may run. ``grace``: seconds that a computation outlives
    its last ticket, so that a page that reruns finds it again; a newer request of the same session and
    channel still ends it at once.

    Every method may be called from any thread. One lock guards all state; it is never held while
    work runs or a caller waits.
    """

    def __init__(
        self,
        workers: int | None = None,
        queue_limit: int = 64,
        cache_bytes: int = 256 * 2**20,
        budget: float = 120.0,
        grace: float = 0.0,
    ) -> None:
        self.workers = default_workers() if workers is None else workers
        if self.workers < 1 or queue_limit < 1:
            raise ValueError("workers and queue_limit must be at least 1")
        if not (budget > 0 and grace >= 0 and cache_bytes >= 0):
            raise ValueError("budget must be positive; grace and cache_bytes must not be negative")
        self.queue_limit = queue_limit
        self.budget = budget
        self.grace = grace
        self._cache = Cache(cache_bytes)
        self._jobs: dict[str, Job] = {}  # queued or running, and open to new tickets
        self._queue: deque[Job] = deque()
        self._running: set[Job] = set()
        self._threads: list[threading.Thread] = []
        self._counts = dict.fromkeys(("hits", "misses", "joined", "abandoned"), 0)
        self._closed = False
        # Re-entrant: garbage collected under the lock may hold a ticket, which then leaves.
        self._changed = threading.Condition()

    def submit(
        self,
        key: str,
        work: Callable[[Reporter], T],
        *,
        session: str | None = None,
        channel: str = "main",
    ) -> Ticket[T]:
        """Ask for the result of ``work(progress)``, which ``key`` identifies completely.

        A kept result is returned at once, and a queued or running computation with the same key is
        shared. An older request of the same session and channel with another key is replaced: its
        ticket raises ``Abandoned``. Without a session nothing is replaced.

        Raises ``Busy`` when the queue is full, and ``RuntimeError`` on a closed engine or when
        called by a work function of this engine, which could deadlock.
        """
        slot = None if session is None else (session, channel)
        with self._changed:
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
            open_job = self._jobs.get(key)
            if open_job is not None:
                job = open_job
                self._counts["joined"] += 1
            else:
                job = self._enqueue(Job(key, work))
                self._counts["misses"] += 1
            ticket: Ticket[T] = Ticket(self, job, slot, cached=False)
            job.tickets.add(ticket)
            return ticket

    def withdraw(self, session: str, channel: str = "main") -> None:
        """End this session's request in this channel at once, without grace: a stop button."""
        with self._changed:
            self._replace((session, channel), None)

    def peek(self, key: str) -> Any:
        """The kept result, shared and immutable, or None; counts as a use, not as a request."""
        with self._changed:
            kept = self._cache.get(key)
        return None if kept is MISSING else kept[0]

    def notices(self, key: str) -> tuple[str, ...]:
        """The notices of the kept result's computation; empty where nothing is kept."""
        with self._changed:
            kept = self._cache.get(key)
        return () if kept is MISSING else kept[1]

    def forget(self) -> None:
        """Drop every kept result. Running computations go on."""
        with self._changed:
            self._cache.clear()

    def stats(self) -> Stats:
        with self._changed:
            return Stats(
                **self._counts,
                queued=len(self._queue),
                running=len(self._running),
                cache_bytes=self._cache.bytes,
            )

    def close(self) -> None:
        """Abandon everything and let the worker threads end; does not wait for them."""
        with self._changed:
            self._closed = True
            for job in (*self._queue, *self._running):
                for ticket in tuple(job.tickets):
                    self._drop(ticket, at=-math.inf)
                job.left_at = -math.inf
            self._prune()
            self._cache.clear()
            self._changed.notify_all()
        atexit.unregister(self._at_exit)

    def _at_exit(self) -> None:
        """Let the workers reach their next step: torch aborts a process that ends inside it."""
        self.close()
        end = time.monotonic() + PATIENCE
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))

    # For tickets and progress.

    def leave(self, ticket: Ticket) -> None:
        """Unsubscribe ``ticket``; see `Ticket.leave`."""
        with self._changed:
            self._drop(ticket, at=time.monotonic())
            self._prune()

    def place(self, job: Job) -> int:
        """See `Ticket.place`."""
        now = time.monotonic()
        with self._changed:
            if job not in self._queue:
                return 0
            ahead = list(self._queue)[: self._queue.index(job)]
            return 1 + sum(other.wanted(now, self.grace) for other in ahead)

    def advance(self, job: Job, step: int, total: int | None) -> None:
        """Note the progress of ``job``, or raise why it stops; see `Reporter`."""
        now = time.monotonic()
        with self._changed:
            job.step = step
            job.total = total
            if job.stop is None:
                if not job.wanted(now, self.grace):
                    job.stop = Abandoned("Nobody waits for this result any more.")
                    self._counts["abandoned"] += 1
                elif job.started is not None and now > job.started + self.budget:
                    job.stop = OutOfTime(
                        f"The computation was stopped: it took longer than {self.budget:g} seconds. "
                        "Fewer steps, queries, draws or votes take less time."
                    )
            if job.stop is None:
                return
            # From here on it cannot be rejoined: a new request gets a new computation.
            self._close_to_new_tickets(job)
        raise job.stop

    # Under the lock.

    def _enqueue(self, job: Job) -> Job:
        self._prune()
        if len(self._queue) >= self.queue_limit:
            raise Busy(
                f"The laboratory is busy: {len(self._queue)} experiments wait. "
                "Try again in a moment."
            )
        if not self._threads:
            configure_threads(self.workers)
            atexit.register(self._at_exit)
        if len(self._threads) < self.workers:
            name = f"engine-{len(self._threads)}"
            thread = threading.Thread(target=self._serve, name=name, daemon=True)
            thread.start()
            self._threads.append(thread)
        self._jobs[job.key] = job
        self._queue.append(job)
        self._changed.notify()
        return job

    def _replace(self, slot: Slot | None, key: str | None) -> None:
        """Drop this session's earlier request in this channel, unless it is for ``key`` too."""
        if slot is None:
            return
        for job in (*self._queue, *self._running):
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
            ticket.settle(left=True)

    def _prune(self) -> None:
        """Take the computations that nobody waits for out of the queue."""
        now = time.monotonic()
        for job in [job for job in self._queue if not job.wanted(now, self.grace)]:
            self._queue.remove(job)
            self._close_to_new_tickets(job)
            self._counts["abandoned"] += 1

    def _close_to_new_tickets(self, job: Job) -> None:
        if self._jobs.get(job.key) is job:
            del self._jobs[job.key]

    # In the worker threads.

    def _serve(self) -> None:
        while self._serve_one():
            pass

    def _serve_one(self) -> bool:
        """Wait for a computation and run it; False once the engine is closed.

        A function of its own, so that a waiting worker keeps no finished result alive.
        """
        with self._changed:
            self._prune()
            self._changed.wait_for(lambda: self._queue or self._closed)
            if self._closed:
                return False
            job = self._queue.popleft()
            job.started = time.monotonic()
            self._running.add(job)
        self._run(job)
        return True

    def _run(self, job: Job) -> None:
        size = 0
        try:
            # Grad and inference mode belong to the thread: what a work function sets ends here.
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
        with self._changed:
            self._running.remove(job)
            self._close_to_new_tickets(job)
            job.work = None  # pictures and models in the closure
            if job.error is None:
                self._cache.put(job.key, (job.value, job.notices), size)
            for ticket in job.tickets:
                ticket.settle(left=False)
            job.tickets.clear()
