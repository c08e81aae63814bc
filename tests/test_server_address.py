"""Who can reach the server as README.md starts it: this machine alone, under its own names."""

import base64
import http.client
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from robust_core.paths import APP

NO_NETWORK = """
import socket
known = socket.getaddrinfo
def getaddrinfo(host, *rest, **options):
    if host not in (None, "", "localhost", "127.0.0.1", "::1", "0.0.0.0", "::"):
        print("ASKED FOR", host, flush=True)
        raise socket.gaierror("no network in this test")
    return known(host, *rest, **options)
socket.getaddrinfo = getaddrinfo
"""
"""Run by Python itself before the server: says which names of the outside world it looks up."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def started(folder, *options: str):
    """The server from another folder, headless, with nothing else said; gives its port and its log."""
    port = free_port()
    (folder / "sitecustomize.py").write_text(NO_NETWORK)
    words = ["streamlit", "run", str(APP), "--server.headless", "true", "--server.port", str(port)]
    environment = {**os.environ, "PYTHONPATH": str(folder), "ROBUST_DATA": str(folder)}
    log = folder / "log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", *words, *options],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        end = time.monotonic() + 60
        while "URL" not in log.read_text() and time.monotonic() < end and server.poll() is None:
            time.sleep(0.05)
        yield port, log
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with started(tmp_path_factory.mktemp("elsewhere")) as (port, log):
        yield port, log


def ask(
    port: int, path: str, host: str, *, to: str = "127.0.0.1", headers: dict[str, str] | None = None
) -> tuple[int, bytes]:
    """Status and content of the answer to a request for ``path`` that names ``host``."""
    connection = http.client.HTTPConnection(to, port, timeout=20)
    try:
        connection.request("GET", path, headers={"Host": host, **(headers or {})})
        answer = connection.getresponse()
        return answer.status, b"" if answer.status == 101 else answer.read()
    finally:
        connection.close()


def stream(port: int, host: str) -> int:
    """The status of the answer to a page at ``host`` that wants to talk to the server."""
    headers = {
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
        "Origin": f"http://{host}",
    }
    return ask(port, "/_stcore/stream", host, headers=headers)[0]


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
def test_both_names_of_this_machine_answer(server, name):
    port, _ = server
    assert ask(port, "/_stcore/health", f"{name}:{port}", to=name) == (200, b"ok")
    assert stream(port, f"{name}:{port}") == 101


def test_no_other_address_of_this_machine_answers(server):
    """Not even another loopback address, which a server for all addresses would answer."""
    port, _ = server
    with pytest.raises(OSError, match=r"refused|assign"):
        socket.create_connection(("127.0.0.2", port), timeout=5)


def test_a_foreign_name_that_leads_here_is_refused(server):
    port, _ = server
    assert stream(port, f"rebound.example:{port}") == 403
    assert stream(port, "127.0.0.1.rebound.example") == 403


def test_it_says_where_it_is_and_asks_nobody_outside(server):
    port, log = server
    said = log.read_text()
    assert f"http://localhost:{port}" in said
    assert "ASKED FOR" not in said
    assert "External" not in said


@pytest.mark.skipif(sys.platform != "linux", reason="needs a second address of this machine")
def test_opened_as_the_docs_say_it_answers_under_the_name_and_asks_nobody(tmp_path):
    options = ["--server.address", "0.0.0.0", "--server.allowedHosts", "lab.example"]
    with started(tmp_path, *options, "--browser.serverAddress", "lab.example") as (port, log):
        assert ask(port, "/_stcore/health", "lab.example", to="127.0.0.2") == (200, b"ok")
        assert stream(port, "lab.example") == 101
        assert stream(port, "localhost") == 403
        assert "ASKED FOR" not in log.read_text()
