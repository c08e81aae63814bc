"""What visitors leave behind: sessions, pictures, uploads and file descriptors, released in time.

Streamlit keeps the session of a closed page for a possible return (``disconnectedSessionTTL``), and
then until the next visitor comes; it keeps every file sent to a session's upload address. Here the
server looks for itself every few seconds.
"""

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any

from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

PACE = 2.0
"""Seconds between two looks."""
UPLOADS = 4
"""Files kept for a session: a page has up to three uploaders, and another file may come meanwhile."""
ALL_UPLOADS = 256 * 2**20
"""Bytes kept for all sessions together."""
FILES = 4096
"""File descriptors that the server asks for: an open page takes four, a closed one three."""

log = logging.getLogger(__name__)
_lock = threading.Lock()
_sessions: dict[str, str] = {}  # Streamlit's name for each of our sessions
_watched: set[int] = set()  # the runtimes, of which a server has one


def watch(session: str, forget: Callable[[str], object]) -> None:
    """Call ``forget(session)`` when the session that runs this page has been given up."""
    context = get_script_run_ctx()
    if context is None or not runtime.exists():  # a test without a server
        return
    server = runtime.get_instance()
    with _lock:
        _sessions[session] = context.session_id
        if id(server) in _watched:
            return
        _watched.add(id(server))
    try:
        bound_uploads(server.uploaded_file_mgr)
        loop = server._get_async_objs().eventloop
        loop.call_soon_threadsafe(_look, server, loop, file_limit() // 12, forget)
    except AttributeError:  # another version of Streamlit: its own pace must do
        log.exception("Closed pages are forgotten at Streamlit's own pace")


def file_limit() -> int:
    """Raise the number of files that this process may open, and return it."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return FILES
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        soft = wanted
    return FILES if soft == resource.RLIM_INFINITY else soft


def bound_uploads(manager: Any) -> None:
    """Let the oldest files of a session, and of all, go when there are too many.

    ``manager``: Streamlit's, in memory. It has no bound of its own.
    """
    add = manager.add_file
    order: list[tuple[str, str, int]] = []  # session, file and bytes, the oldest first

    def add_file(session_id: str, file: UploadedFileRec) -> None:
        add(session_id, file)
        with _lock:
            order[:] = [each for each in order if manager.get_files(each[0], [each[1]])]
            order.append((session_id, file.file_id, len(file.data)))
            theirs = [each for each in order if each[0] == session_id]
            surplus = theirs[:-UPLOADS]
            total = sum(size for *_, size in order) - sum(size for *_, size in surplus)
            for each in order[:-1]:
                if total > ALL_UPLOADS and each not in surplus:
                    surplus.append(each)
                    total -= each[2]
            for session, file_id, _ in surplus:
                manager.remove_file(session, file_id)

    manager.add_file = add_file


def _look(
    server: runtime.Runtime,
    loop: asyncio.AbstractEventLoop,
    room: int,
    forget: Callable[[str], object],
) -> None:
    """Shut down sessions whose time is over, and those over ``room``; called in the server's loop."""
    try:
        tidy(server, room, forget)
    except Exception:  # the next look may do better, and the server goes on
        log.exception("Looking for closed pages failed")
    loop.call_later(PACE, _look, server, loop, room, forget)


def tidy(server: runtime.Runtime, room: int, forget: Callable[[str], object]) -> None:
    """One look: at most ``room`` closed pages wait for a return, none beyond its time."""
    manager: Any = server._session_mgr
    cache = manager._session_storage._cache
    for _, closed in cache.expire():
        closed.session.shutdown()
    for name, _ in cache.lru_items()[:-room]:
        manager.close_session(name)
    gone = [ours for ours, name in tuple(_sessions.items()) if not manager.get_session_info(name)]
    for session in gone:
        _sessions.pop(session, None)
        forget(session)
    if gone:
        server.media_file_mgr.remove_orphaned_files()  # once more: files to download go at the second
