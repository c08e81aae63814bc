"""The engine behind the pages: one queue, one cache and shared turns at computing for all sessions.

    engine = Engine()                                     # one object per process
    key = key_of(picture=sha, model="cifar10-resnet32", attack="pgd", eps=8 / 255, seed=0)
    with engine.submit(key, work, session=session_id, channel="attack") as ticket:
        while not ticket.wait(0.05):
            show(ticket.place, ticket.step, ticket.total)
        result = ticket.result()

``work(progress)`` runs in a thread of its own and calls ``progress(step, total)`` at every step; in
that call it stands still while others have their turn, and stops where nobody waits for it any
more. Nothing here depends on streamlit.
"""

from robust_core.engine.cache import nbytes
from robust_core.engine.engine import Engine, Stats
from robust_core.engine.errors import Abandoned, Busy, OutOfMemory, OutOfTime
from robust_core.engine.jobs import Reporter, Ticket
from robust_core.engine.keys import Key, key_of
from robust_core.engine.memory import in_batches, on_cpu_if_out_of_memory
from robust_core.engine.threads import configure_threads

__all__ = [
    "Abandoned",
    "Busy",
    "Engine",
    "Key",
    "OutOfMemory",
    "OutOfTime",
    "Reporter",
    "Stats",
    "Ticket",
    "configure_threads",
    "in_batches",
    "key_of",
    "nbytes",
    "on_cpu_if_out_of_memory",
]
