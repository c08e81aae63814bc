"""Closed pages: given up in time, with their results, uploads and descriptors."""

import time
from types import SimpleNamespace

import pytest
from streamlit.runtime.memory_session_storage import MemorySessionStorage
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from robust_core.dashboard import departed


class Closed:
    """A session whose page is closed."""

    def __init__(self, name: str) -> None:
        self.id, self.down = name, False

    def shutdown(self) -> None:
        self.down = True


@pytest.fixture
def server(monkeypatch):
    """What `tidy` asks of a server: one open page, and closed ones that wait 60 s for a return."""
    monkeypatch.setattr(departed, "_sessions", {})
    storage = MemorySessionStorage(ttl_seconds=60)
    opened = {"open": SimpleNamespace(session=Closed("open"))}

    def close(name: str) -> None:
        session = storage.get(name).session
        storage.delete(name)
        session.shutdown()

    def find(name: str):
        return opened.get(name) or storage.get(name)

    manager = SimpleNamespace(_session_storage=storage, get_session_info=find, close_session=close)
    media = SimpleNamespace(remove_orphaned_files=lambda: None)
    return SimpleNamespace(_session_mgr=manager, media_file_mgr=media)


def leave(server, *names: str) -> list[Closed]:
    sessions = [Closed(name) for name in names]
    for session in sessions:
        server._session_mgr._session_storage.save(SimpleNamespace(session=session))
        departed._sessions[f"ours {session.id}"] = session.id
    return sessions


def test_a_session_is_given_up_when_its_time_is_over_and_not_before(server, monkeypatch):
    departed._sessions["ours open"] = "open"
    (closed,) = leave(server, "closed")
    forgotten = []
    departed.tidy(server, 10, forgotten.append)
    assert not closed.down
    assert not forgotten
    cache = server._session_mgr._session_storage._cache
    monkeypatch.setattr(cache, "_timer", lambda: time.monotonic() + 61)
    departed.tidy(server, 10, forgotten.append)
    assert closed.down
    assert forgotten == ["ours closed"]
    assert list(departed._sessions) == ["ours open"]


def test_only_the_latest_wait_for_a_return_where_descriptors_are_few(server):
    closed = leave(server, *"abcde")
    forgotten = []
    departed.tidy(server, 2, forgotten.append)
    assert [session.down for session in closed] == [True, True, True, False, False]
    assert forgotten == ["ours a", "ours b", "ours c"]


def upload(manager, session: str, name: str, size: int = 10) -> None:
    manager.add_file(session, UploadedFileRec(name, f"{name}.png", "image/png", bytes(size)))


def test_the_oldest_uploads_of_a_session_go(monkeypatch):
    manager = MemoryUploadedFileManager("/upload")
    departed.bound_uploads(manager)
    for number in range(100):
        upload(manager, "greedy", str(number))
    upload(manager, "polite", "one")
    kept = {session: list(files) for session, files in manager.file_storage.items()}
    assert kept == {"greedy": ["96", "97", "98", "99"], "polite": ["one"]}


def test_the_uploads_of_all_sessions_are_bounded_and_the_newest_is_there(monkeypatch):
    monkeypatch.setattr(departed, "ALL_UPLOADS", 100)
    manager = MemoryUploadedFileManager("/upload")
    departed.bound_uploads(manager)
    for number in range(8):
        upload(manager, f"session {number}", "file", 30)
    files = [session for session, files in manager.file_storage.items() if files]
    assert files == ["session 5", "session 6", "session 7"]
    manager.remove_session_files("session 6")
    upload(manager, "session 8", "file", 30)
    assert manager.get_files("session 5", ["file"]), "what is gone does not count"


def test_the_file_limit_is_raised_as_far_as_allowed():
    resource = pytest.importorskip("resource")  # not on Windows
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (256, before[1]))
        assert departed.file_limit() == resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 256
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
