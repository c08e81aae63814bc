"""Many processes at one task, started by torch's own launcher: ``torchrun -m robust_core ...``.

The launcher starts the processes, on one machine or on several, tells each who it is in its environment,
keeps a small store of keys and values that all can reach, and starts all again where one dies. What is
here is what the tasks need of that: who is the main process, work dealt out piece by piece, and a word
from the main process to all. Without the launcher there is one process, and nothing here changes anything.

All processes run the same command. They meet at the calls of ``spread``, ``told`` and ``together``, so
each of these has to be reached by all, in the same order.
"""

import atexit
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from robust_core import files

if TYPE_CHECKING:
    import torch
    from torch.distributed import Store

T = TypeVar("T")
PATIENCE = timedelta(days=2)
"""How long a process waits for the others: a piece may take hours, and the launcher watches for deaths."""
PAUSE = 0.02
"""Seconds between two looks into the store."""
MOST = 4 * 2**20
"""Bytes of a value in torch's store, which takes 8 MiB at most."""
MANY = 256
"""Outcomes that are asked for at once."""
WHOLE = b"="
"""Before an outcome that is one value."""
STOPPED = 128 + signal.SIGTERM
_meetings = count()


@dataclass(frozen=True)
class World:
    """Which of the ``size`` processes this is: ``rank`` among all, ``local_rank`` on its machine.

    ``attempt`` counts how often the launcher has started all of them again.
    """

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    attempt: int = 0


def launched() -> bool:
    """Whether torch's launcher started this process, alone or with others."""
    return "TORCHELASTIC_RUN_ID" in os.environ


def world() -> World:
    """This process among the others, from the variables that the launcher sets."""
    if not launched():
        return World()
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "TORCHELASTIC_RESTART_COUNT")
    return World(*(int(os.environ[name]) for name in names))


def is_main() -> bool:
    """Whether this process prints and writes results: always, where there is only one."""
    return world().rank == 0


def who() -> str:
    """Which process this is, for a sentence to people; empty for the main one."""
    here = world()
    return "" if here.rank == 0 else f", rank {here.rank} of {here.size}"


@contextmanager
def quiet() -> Iterator[None]:
    """In all processes but the main one, nothing that is printed within the block is seen."""
    if is_main():
        yield
        return
    kept = sys.stdout, sys.stderr
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        sys.stdout = sys.stderr = nowhere
        try:
            yield
        finally:
            sys.stdout, sys.stderr = kept


def spread(
    names: Sequence[str],
    make: Callable[[int], bytes],
    *,
    folder: Path | None = None,
    to_all: bool = True,
) -> Iterator[bytes]:
    """``make(i)`` for each of ``names``, by whichever process is free, in order; each is made once.

    Each outcome is kept in ``folder`` as soon as it is made, in a file of that name, and found there by a
    later call. With ``to_all`` every process gets all outcomes, else the main one alone gets any. Where
    the launcher asks this process to end, because another died, it finishes its piece first.
    """
    if not launched():
        yield from (_kept(folder, name, partial(make, i)) for i, name in enumerate(names))
        return
    here = world()
    deal = _Deal(f"deal{next(_meetings)}")
    if here.local_rank == 0 and folder is not None:
        for i, name in enumerate(names):
            if (folder / name).exists() and not deal.has(i):
                deal.put(i, (folder / name).read_bytes())
    together()
    with _ending_between_pieces() as check:
        given = 0  # how many outcomes the main process has passed on
        while (i := deal.next()) < len(names):
            if not deal.has(i):
                deal.put(i, _kept(folder, names[i], partial(make, i)))
            check()
            while here.rank == 0 and given < len(names) and deal.has(given):
                yield deal.take(given, keep=to_all)
                given += 1
        while here.rank == 0 and given < len(names):
            _until(partial(deal.has, given), check)
            yield deal.take(given, keep=to_all)
            given += 1
        together(check)
        if here.rank > 0 and to_all:
            yield from deal.all(len(names))


def told(make: Callable[[], T]) -> T:
    """What ``make()`` gives in the main process, in all of them; it is called there alone.

    Between processes it goes as JSON. For what only the main process can know, such as whether a file
    is there: a decision that each takes alone may differ.
    """
    if world().size == 1:
        return make()
    value: T = json.loads(_from_main(lambda: json.dumps(make()).encode()))
    return value


def content(path: Path) -> bytes | None:
    """What is in the main process's file ``path``, in all processes; None where there is none."""
    if not told(path.exists):
        return None
    return path.read_bytes() if world().size == 1 else _from_main(path.read_bytes)


def _from_main(make: Callable[[], bytes]) -> bytes:
    deal = _Deal(f"told{next(_meetings)}")
    if is_main():
        deal.put(0, make())
    _until(lambda: deal.has(0))
    return deal.take(0, keep=True)


def together(check: Callable[[], None] = lambda: None) -> None:
    """Wait until all processes are here; ``check`` is called meanwhile."""
    here = world()
    if here.size > 1:
        store, key = _store(), f"together{next(_meetings)}"
        store.add(key, 1)
        _until(lambda: store.add(key, 0) == here.size, check)


def join(device: "torch.device") -> None:
    """Make a group of all processes for sums of tensors: gloo for those on CPUs, NCCL for GPUs."""
    import torch.distributed as dist

    here = world()
    if here.size == 1 or dist.is_initialized():
        return
    backend = "cpu:gloo,cuda:nccl" if device.type == "cuda" else "gloo"
    store = dist.PrefixStore("group", _store())
    dist.init_process_group(
        backend, store=store, rank=here.rank, world_size=here.size, timeout=PATIENCE
    )
    atexit.register(dist.destroy_process_group)


def joined() -> World:
    """This process among those of the group, alone where there is none."""
    import torch.distributed as dist

    return world() if dist.is_available() and dist.is_initialized() else World()


class _Deal:
    """One round of work: who takes which piece, and the outcomes, in the launcher's store."""

    def __init__(self, name: str) -> None:
        from torch.distributed import PrefixStore

        self.store = PrefixStore(name, _store())

    def next(self) -> int:
        """The number of a piece that nobody else gets."""
        return self.store.add("next", 1) - 1

    def has(self, i: int) -> bool:
        return self.store.check([str(i)])

    def put(self, i: int, content: bytes) -> None:
        """As one value, or in parts, as the store takes no large ones; their number comes last."""
        if len(content) < MOST:
            self._set(str(i), WHOLE + content)
            return
        parts = range(0, len(content), MOST)
        for k, start in enumerate(parts):
            self._set(f"{i}/{k}", content[start : start + MOST])
        self._set(str(i), str(len(parts)).encode())

    def _set(self, key: str, value: Any) -> None:  # torch's stub knows no bytes
        self.store.set(key, value)

    def take(self, i: int, *, keep: bool) -> bytes:
        """The outcome; unless ``keep``, its content leaves the store."""
        content = self._whole(i, self.store.get(str(i)), keep)
        if not keep:
            self._set(str(i), WHOLE)
        return content

    def all(self, n: int) -> Iterator[bytes]:
        """The first ``n`` outcomes, which are all there, many at a request."""
        for start in range(0, n, MANY):
            block = range(start, min(start + MANY, n))
            for i, found in zip(block, self.store.multi_get(list(map(str, block))), strict=True):
                yield self._whole(i, bytes(found), keep=True)

    def _whole(self, i: int, found: bytes, keep: bool) -> bytes:
        if found.startswith(WHOLE):
            return found.removeprefix(WHOLE)
        parts = [f"{i}/{k}" for k in range(int(found))]
        content = b"".join(self.store.get(part) for part in parts)
        for part in () if keep else parts:
            self.store.delete_key(part)
        return content


@cache
def _store() -> "Store":
    """The launcher's store, under a prefix of this attempt's own."""
    from torch.distributed import PrefixStore
    from torch.distributed.rendezvous import rendezvous

    store, _, _ = next(iter(rendezvous("env://", timeout=PATIENCE)))
    return PrefixStore(f"robust_core/{world().attempt}", store)


def _until(ready: Callable[[], bool], check: Callable[[], None] = lambda: None) -> None:
    while not ready():
        check()
        time.sleep(PAUSE)


def _kept(folder: Path | None, name: str, make: Callable[[], bytes]) -> bytes:
    """The file ``name`` of ``folder``, made where it is missing."""
    if folder is None:
        return make()
    path = folder / name
    if not path.exists():
        files.write_bytes(path, make())
    return path.read_bytes()


@contextmanager
def _ending_between_pieces() -> Iterator[Callable[[], None]]:
    """Within the block SIGTERM only asks; the function that it gives ends the process if it was asked."""
    asked: list[Any] = []

    def check() -> None:
        if asked:
            raise SystemExit(STOPPED)

    if threading.current_thread() is not threading.main_thread():
        yield check
        return
    before = signal.signal(signal.SIGTERM, lambda *signalled: asked.append(signalled))
    try:
        yield check
    finally:
        signal.signal(signal.SIGTERM, before)
