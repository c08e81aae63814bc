import errno
import hashlib
import http.server
import io
import socket
import tarfile
import threading
import zipfile
from collections import namedtuple
from contextlib import contextmanager
from dataclasses import replace

import pytest

from robust_core.data import cifar10, digits, download
from robust_core.data.download import DownloadError, fetch
from robust_core.data.record import DataSet
from tests.processes import at_once

HOST = "127.0.0.1"
[OFFICIAL] = cifar10.RECORD.archives
MEMBERS = OFFICIAL.members
Usage = namedtuple("Usage", "total used free")


def pack(folder, names=MEMBERS, extra=()) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for name in names:
            tar.add(folder / name, f"{cifar10.FOLDER}/{name}")
        for name, data in extra:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def of(**changes) -> DataSet:
    """CIFAR-10 from another archive."""
    return replace(cifar10.RECORD, archives=(replace(OFFICIAL, **changes),))


class Server(http.server.ThreadingHTTPServer):
    """Sends ``body``; can cut each answer after ``cut`` bytes, ignore Range, or fail."""

    daemon_threads = True

    def __init__(self):
        super().__init__((HOST, 0), Handler)
        self.body, self.cut, self.ranges_known, self.status = b"", None, True, None
        self.asked = []

    def cifar10(self) -> DataSet:
        url = f"http://{HOST}:{self.server_port}/files/cifar-10-binary.tar.gz"
        digest = hashlib.sha256(self.body).hexdigest()
        return of(url=url, size=len(self.body), checksum=digest, unpacked=10**6)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        wanted = self.headers.get("Range")
        self.server.asked.append(wanted)
        if self.server.status:
            self.send_error(self.server.status)
            return
        start = int(wanted[6:-1]) if wanted and self.server.ranges_known else 0
        self.send_response(206 if start else 200)
        total = len(self.server.body)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{total - 1}/{total}")
        self.send_header("Content-Length", str(total - start))
        self.end_headers()
        stop = total if self.server.cut is None else start + self.server.cut
        self.wfile.write(self.server.body[start:stop])

    def log_message(self, *_):
        pass


@contextmanager
def serving(body: bytes):
    server = Server()
    server.body = body
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def server(tmp_path, small_files, cifar10_files, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    cifar10_files(tmp_path / "source")
    with serving(pack(tmp_path / "source")) as server:
        yield server


@pytest.fixture
def second(server, tmp_path):
    """The server of a ZIP with half of the files, at its top, which ``server`` no longer has."""
    first, rest = MEMBERS[:4], MEMBERS[4:]
    server.body = pack(tmp_path / "source", first)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in rest:
            archive.write(tmp_path / "source" / name, name)
    with serving(buffer.getvalue()) as second:
        yield second


def in_two(server, second) -> DataSet:
    """CIFAR-10 in two archives, of which the second is a ZIP that is known by its MD5."""
    (first,) = server.cifar10().archives
    rest = replace(
        first,
        url=f"http://{HOST}:{second.server_port}/rest.zip",
        size=len(second.body),
        checksum=hashlib.md5(second.body).hexdigest(),
        algorithm="md5",
        inside="",
        members=MEMBERS[4:],
    )
    return replace(cifar10.RECORD, archives=(replace(first, members=None), rest))


@pytest.fixture
def root(tmp_path):
    return tmp_path / "root"


def left_over(root):
    """Everything in the data folder besides the data set and the lock, which is empty."""
    ours = (cifar10.FOLDER, "cifar10.lock")
    return sorted(path.name for path in root.iterdir() if path.name not in ours)


def test_whole_download(server, root, tmp_path):
    told = []
    folder = fetch(server.cifar10(), root, progress=lambda *state: told.append(state))
    assert folder == root / cifar10.FOLDER == cifar10.find(root)
    for name in MEMBERS:
        assert (folder / name).read_bytes() == (tmp_path / "source" / name).read_bytes()
    assert told == sorted(told)
    assert told[-1] == (len(server.body), len(server.body))
    assert left_over(root) == []


def test_two_archives_are_one_download(server, second, root, tmp_path):
    told = []
    record = in_two(server, second)
    folder = fetch(record, root, progress=lambda *state: told.append(state))
    assert sorted(path.name for path in folder.iterdir()) == sorted(MEMBERS)
    for name in MEMBERS:
        assert (folder / name).read_bytes() == (tmp_path / "source" / name).read_bytes()
    assert told == sorted(told)
    assert {total for _, total in told} == {record.download_size}
    assert told[-1][0] == record.download_size == len(server.body) + len(second.body)
    assert left_over(root) == []


def test_an_archive_that_has_come_is_kept_while_another_fails(server, second, root):
    record, body = in_two(server, second), second.body
    second.cut = len(body) // 2
    with pytest.raises(DownloadError, match="broke off"):
        fetch(record, root)
    assert left_over(root) == ["cifar-10-binary.tar.gz.partial", "rest.zip.partial"]
    second.cut = None
    second.body = body[:-50] + bytes(50)
    with pytest.raises(DownloadError, match=r"not the official CIFAR-10: its MD5 is"):
        fetch(record, root)
    assert left_over(root) == ["cifar-10-binary.tar.gz.partial"]
    second.body = body
    fetch(record, root)
    assert server.asked == [None]
    assert second.asked == [None, f"bytes={len(body) // 2}-", None]
    assert left_over(root) == []


def test_another_kind_of_archive_is_none(server, second, root):
    """A tar in the place of the ZIP, though of its length and checksum."""
    second.body = server.body
    with pytest.raises(DownloadError, match=f"{HOST} sent a gzip archive instead of CIFAR-10"):
        fetch(in_two(server, second), root)


def test_what_is_there_is_not_fetched_again(server, root):
    fetch(server.cifar10(), root)
    fetch(server.cifar10(), root)
    assert len(server.asked) == 1


def test_default_root_is_the_data_folder(server, root, monkeypatch):
    monkeypatch.setenv("ROBUST_DATA", str(root))
    assert fetch(server.cifar10()) == root / cifar10.FOLDER


def test_damaged_data_is_replaced(server, root):
    folder = fetch(server.cifar10(), root)
    (folder / "test_batch.bin").write_bytes(b"short")
    fetch(server.cifar10(), root)
    assert cifar10.available(root)


def test_interruption_and_resume(server, root):
    server.cut = len(server.body) // 3
    with pytest.raises(DownloadError, match="broke off"):
        fetch(server.cifar10(), root)
    assert not cifar10.available(root)
    server.cut = None
    told = []
    fetch(server.cifar10(), root, progress=lambda done, _: told.append(done))
    third = len(server.body) // 3
    assert server.asked == [None, f"bytes={third}-"]
    assert told[0] == third
    assert cifar10.available(root)


def test_server_that_ignores_range_starts_over(server, root, monkeypatch):
    monkeypatch.setattr(download, "CHUNK", 4096)
    server.cut = len(server.body) // 2
    with pytest.raises(DownloadError):
        fetch(server.cifar10(), root)
    server.cut, server.ranges_known = None, False
    fetch(server.cifar10(), root)
    assert cifar10.available(root)


def test_whole_partial_file_needs_no_server(server, root):
    root.mkdir()
    (root / "cifar-10-binary.tar.gz.partial").write_bytes(server.body)
    fetch(server.cifar10(), root)
    assert server.asked == []


def test_overlong_partial_file_is_started_over(server, root):
    root.mkdir()
    (root / "cifar-10-binary.tar.gz.partial").write_bytes(server.body + b"more")
    fetch(server.cifar10(), root)
    assert server.asked == [None]


def test_raising_from_progress_abandons_and_keeps_what_came(server, root, monkeypatch):
    monkeypatch.setattr(download, "CHUNK", 4096)

    def stop(done, total):
        if done > total // 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(server.cifar10(), root, progress=stop)
    assert left_over(root) == ["cifar-10-binary.tar.gz.partial"]
    fetch(server.cifar10(), root)
    assert server.asked[1].startswith("bytes=")
    assert cifar10.available(root)


PAGE = b"<!DOCTYPE html><html>" + b"Sign in to this network. " * 160


def sign_in(server, record):
    """From now on the network answers every request with its own page."""
    server.body, server.ranges_known = PAGE, False
    return record


@pytest.mark.parametrize("arrived", [0, 1000])
def test_a_sign_in_page_is_named_and_what_had_arrived_is_kept(server, root, arrived):
    """Status 200 and 4 kB of HTML, at first or in the middle."""
    record, archive = server.cifar10(), server.body
    root.mkdir()
    partial = root / "cifar-10-binary.tar.gz.partial"
    if arrived:
        partial.write_bytes(archive[:arrived])
    sign_in(server, record)
    with pytest.raises(DownloadError, match=f"{HOST} sent a web page instead of CIFAR-10.*sign in"):
        fetch(record, root)
    assert partial.exists() == bool(arrived)
    server.body, server.ranges_known = archive, True
    fetch(record, root)
    assert server.asked[-1] == (f"bytes={arrived}-" if arrived else None)


def test_a_page_that_was_kept_as_the_beginning_is_thrown_away(server, root):
    root.mkdir()
    (root / "cifar-10-binary.tar.gz.partial").write_bytes(PAGE[:100])
    fetch(server.cifar10(), root)
    assert server.asked == [None]


@pytest.mark.parametrize("arrived", [0, 1000])
def test_another_length_is_seen_before_anything_is_kept(server, root, arrived):
    record, archive = server.cifar10(), server.body
    root.mkdir()
    partial = root / "cifar-10-binary.tar.gz.partial"
    partial.write_bytes(archive[:arrived])
    server.body = archive + bytes(20)
    told = f"announced {len(archive) + 20:,} bytes instead of the {len(archive):,} of CIFAR-10"
    with pytest.raises(DownloadError, match=told):
        fetch(record, root)
    assert partial.read_bytes() == archive[:arrived]


def test_other_bytes_are_refused_deleted_and_not_unpacked(server, root):
    record = server.cifar10()
    server.body = server.body[:-100] + bytes(100)
    with pytest.raises(DownloadError, match="not the official"):
        fetch(record, root)
    assert left_over(root) == []


@pytest.mark.parametrize("lacks", [*MEMBERS])
def test_incomplete_archive(server, root, tmp_path, lacks):
    server.body = pack(tmp_path / "source", [n for n in MEMBERS if n != lacks])
    with pytest.raises(DownloadError, match="whole CIFAR-10"):
        fetch(server.cifar10(), root)
    assert left_over(root) == []


def test_archive_that_is_none(server, root):
    server.body = download.GZIP + b"not a tar file at all" * 10
    with pytest.raises(DownloadError, match="whole CIFAR-10"):
        fetch(server.cifar10(), root)


def test_unexpected_members_stay_in_the_archive(server, root, tmp_path):
    extra = [("../escaped", b"x"), (f"{cifar10.FOLDER}/setup.py", b"x"), ("/tmp/escaped", b"x")]
    server.body = pack(tmp_path / "source", extra=extra)
    folder = fetch(server.cifar10(), root)
    assert sorted(path.name for path in folder.iterdir()) == sorted(MEMBERS)
    assert not (tmp_path / "escaped").exists()
    assert left_over(root) == []


def test_offline(root, monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    with socket.socket() as closed:
        closed.bind((HOST, 0))  # bound but not listening: the connection is refused
        url = f"http://{HOST}:{closed.getsockname()[1]}/a.tar.gz"
        nowhere = of(url=url, size=10, checksum="0" * 64, unpacked=0)
        with pytest.raises(DownloadError, match=r"^The server .* cannot be reached") as told:
            fetch(nowhere, root)
        assert str(told.value).endswith(f"put an existing folder {cifar10.FOLDER} into {root}.")


@pytest.mark.parametrize("status", [404, 503])
def test_server_that_refuses(server, root, status):
    server.status = status
    with pytest.raises(DownloadError, match=f"answered {status}") as told:
        fetch(server.cifar10(), root)
    assert str(told.value).endswith(f"put an existing folder {cifar10.FOLDER} into {root}.")


def test_too_little_room_is_said_before_anything_is_fetched(server, root, monkeypatch):
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 10))
    with pytest.raises(DownloadError, match="MB more"):
        fetch(server.cifar10(), root)
    assert server.asked == []


def test_disk_that_fills_up_on_the_way(server, root, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download, "_unpack", full)
    with pytest.raises(DownloadError, match=r"disk of .* is full"):
        fetch(server.cifar10(), root)


def test_folder_that_cannot_be_made(server, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(DownloadError, match="cannot be written"):
        fetch(server.cifar10(), tmp_path / "file" / "root")


def test_one_download_at_a_time_and_the_next_after_it(server, root):
    refused = []

    def second(done, total):
        if not refused:
            with pytest.raises(DownloadError, match="already"):
                fetch(server.cifar10(), root)
            refused.append(True)

    fetch(server.cifar10(), root, progress=second)
    assert refused
    fetch(server.cifar10(), root.parent / "elsewhere")


def test_processes_that_download_at_once_send_for_it_once(server, root):
    record = server.cifar10()
    said = at_once(lambda _: str(fetch(record, root)), *range(3))
    folder = str(root / cifar10.FOLDER)
    assert folder in said
    assert all(one == folder or "is being downloaded" in one for one in said)
    assert server.asked == [None]
    assert left_over(root) == []


def test_the_official_archive_is_pinned():
    assert OFFICIAL.url.startswith("https://www.cs.toronto.edu/")
    assert len(OFFICIAL.checksum) == 64
    assert OFFICIAL.name == "cifar-10-binary.tar.gz"


def test_what_comes_with_a_package_is_not_downloaded(root):
    with pytest.raises(ValueError, match="digits is not downloaded"):
        fetch(digits.RECORD, root)
