"""A download from the hub for a visitor: it shows progress, can be ended, and is as large as announced."""

import json
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from robust_core.apart import PACE, answer_of
from robust_core.zoo.own import hub_child
from robust_core.zoo.own.hub import FILE, Listed, failure

SECONDS = 900
"""How long a download may take."""
ENVELOPE = 2**20
"""Bytes beside the file: the cache of the hub's library keeps small ones."""
_one_at_a_time = threading.Lock()


def fetched(
    about: Listed, size: int, progress: Callable[[int, int], object], *, keep: bool
) -> bytes:
    """The file of ``size`` bytes; ``progress(bytes, size)`` is called while it comes, and may end it.

    With ``keep`` it stays in the hub's own cache, as on the command line. Else it lies in a folder of its
    own and is gone from the disk afterwards; this user's tokens for the hub are left aside. One file comes
    at a time; others wait. Raises ``ValueError`` where it does not come, or is not what was said.
    """
    while not _one_at_a_time.acquire(timeout=PACE):
        progress(0, size)
    try:
        if keep:
            return _fetched(about, size, progress, _home(), {})
        with tempfile.TemporaryDirectory(prefix="robust-lab-") as folder:
            home = {"HF_HOME": folder, "HF_HUB_CACHE": folder, "HF_XET_CACHE": f"{folder}/xet"}
            return _fetched(about, size, progress, Path(folder), home)
    finally:
        _one_at_a_time.release()


def _home() -> Path:
    """The hub's own cache."""
    from huggingface_hub.constants import HF_HUB_CACHE

    return Path(HF_HUB_CACHE)


def _fetched(
    about: Listed,
    size: int,
    progress: Callable[[int, int], object],
    folder: Path,
    home: dict[str, str],
) -> bytes:
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < size + ENVELOPE:
        raise ValueError(f"There is no room on the disk for {about.name}, {size / 1e6:,.0f} MB")
    place = folder / f"models--{about.repository.replace('/', '--')}"
    before = set(_parts(place))
    held = _bytes(place)

    def check() -> None:
        come = _bytes(place) - held
        if come > size + ENVELOPE:
            raise ValueError(
                f"{about.name} should have {size / 1e6:,.1f} MB and has more: it was given up"
            )
        progress(min(come, size), size)

    asked = json.dumps({"repository": about.repository, "file": FILE}).encode() + b"\n"
    command, where = [sys.executable, "-P", hub_child.__file__], {**os.environ, **home}
    try:
        _, line = answer_of(command, asked, SECONDS, check, where)
    except TimeoutError as error:
        late = f"more than {SECONDS // 60} minutes"
        raise ValueError(failure(about.name, "TimeoutError", late)) from error
    finally:
        for part in set(_parts(place)) - before:
            part.unlink(missing_ok=True)
    said = json.loads(line or b'{"kind": "EOFError", "said": "the download has ended by itself"}')
    if "path" not in said:
        raise ValueError(failure(about.name, said["kind"], said["said"]))
    content = Path(said["path"]).read_bytes()
    if len(content) != size:
        raise ValueError(
            f"{about.name} should have {size:,} bytes and has {len(content):,}: it is not read"
        )
    return content


def _parts(place: Path) -> list[Path]:
    """What a download that was ended leaves behind."""
    return list(place.rglob("*.incomplete"))


def _bytes(place: Path) -> int:
    """Bytes of all files; one may be renamed meanwhile."""
    total = 0
    for path in place.rglob("*"):
        try:
            total += 0 if path.is_symlink() else path.stat().st_size
        except FileNotFoundError:
            continue
    return total
