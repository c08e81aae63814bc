"""Who computes and who waits: turns for computations, and separate places for errands."""

from collections.abc import Iterator

from robust_core.engine.jobs import Job
from robust_core.engine.shares import Shares, Visitor

SLICE = 0.1  # seconds that a computation may go on while others wait for their turn
EACH = 8  # requests that one session may have open at a time
ERRANDS = 4  # downloads at a time


class Line:
    """All computations that are not finished. Not locked: the engine's lock guards it.

    ``turns``: computations at a time. ``memory``: bytes that those which have begun and stand
    still may keep together; where it is used up, whoever runs goes on until it ends.
    """

    def __init__(self, turns: int, memory: int) -> None:
        self.turns = turns
        self.memory = memory
        self.waiting: list[Job] = []  # in the order in which they came
        self.running: set[Job] = set()  # errands too
        # What is computed in the background has books of its own: nobody's pictures pay for it.
        self.shares = {background: Shares() for background in (False, True)}

    def __iter__(self) -> Iterator[Job]:
        return iter((*self.waiting, *self.running))

    def refusal(self, visitor: Visitor, limit: int, background: bool) -> str | None:
        """Why nothing more is accepted from ``visitor``, where at most ``limit`` computations wait.

        What waits in the background takes no place from what does not.
        """
        address, session = visitor
        waiting = [job for job in self.waiting if job.background == background]
        theirs = sum(address in {place for place, _ in job.visitors()} for job in waiting)
        if len(waiting) >= limit or (address and theirs >= limit / 2):
            return (
                f"The laboratory is busy: {len(waiting)} experiments wait. Try again in a moment."
            )
        alike = (job for job in self if job.background == background)
        if session and sum(visitor in job.askers() for job in alike) >= EACH:
            return f"{EACH} of your experiments are under way. Stop one, or wait for it."
        return None

    def join(self, job: Job, visitor: Visitor, now: float, background: bool) -> None:
        """``visitor`` asks for ``job``, which joins the line if it is not in it."""
        self.charge(now)
        alike = (other for other in self if other.background == background)
        present = {each for other in alike for each in other.visitors()}
        self.shares[background].admit(visitor, present)
        if job not in self.running and job not in self.waiting:
            self.waiting.append(job)

    def charge(self, now: float) -> None:
        """Charge the time of all that run to whoever waits for them."""
        for job in tuple(self.running):
            seconds = now - job.charged_at
            job.charged_at = now
            job.seconds += seconds
            if not job.errand:
                shares = self.shares[job.background]
                shares.charge(min(job.visitors(), key=shares.of), seconds)

    def ranking(self, job: Job) -> tuple:
        """The smallest goes first: the foreground, then least computed, then longest without a turn."""
        least = min(self.shares[job.background].of(visitor) for visitor in job.visitors())
        return (job.background, least, job.turn_at)

    def in_order(self) -> list[Job]:
        """Those who wait, the next one first."""
        return sorted(self.waiting, key=self.ranking)

    def next(self) -> Job | None:
        """The one whose turn it is now, if there is room for it."""
        return next((job for job in self.in_order() if self._has_room(job)), None)

    def _has_room(self, job: Job) -> bool:
        """Whether ``job`` may start; of several turns, the background leaves one for the next picture."""
        alike = [each for each in self.running if each.errand == job.errand]
        if job.errand:
            return len(alike) < ERRANDS
        if job.background and sum(each.background for each in alike) >= max(1, self.turns - 1):
            return False
        return len(alike) < self.turns

    def rival(self, job: Job, now: float) -> Job | None:
        """To whom ``job``, which runs and keeps ``job.held`` bytes, gives its turn; None: it goes on.

        In the background it has no slice: it gives way at once.
        """
        if job.errand or (now < job.slice_at + SLICE and not self._in_the_way(job)):
            return None
        free = self.memory - job.held - sum(each.held for each in tuple(self.waiting))
        own = self.ranking(job)
        rivals = (each for each in self.in_order() if not each.errand and free + each.held >= 0)
        rival = next(rivals, None)
        return rival if rival is not None and self.ranking(rival) < own else None

    def _in_the_way(self, job: Job) -> bool:
        """Whether ``job`` runs in the background while something in the foreground waits for a turn."""
        waiting = (each for each in tuple(self.waiting) if not each.errand)
        return job.background and any(not each.background for each in waiting)

    def start(self, job: Job, now: float) -> None:
        """It is the turn of ``job``, which waits."""
        if job in self.waiting:  # garbage collected in between may have been its last ticket
            self.waiting.remove(job)
        self.running.add(job)
        job.held = 0
        job.turn_at = job.slice_at = job.charged_at = now

    def pause(self, job: Job) -> None:
        """``job``, which runs, goes back into the line and keeps its place by what it has had."""
        self.running.discard(job)
        self.waiting.append(job)
