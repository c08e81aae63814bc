"""The headers that docs/server.md gives a proxy: they come, they forbid, and the pages survive them."""

import contextlib
import re
import socket
import threading
import urllib.error
import urllib.request

import pytest

from tests.live import HOST, ROOT

DOCS = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")
HEADERS = dict(re.findall(r'add_header (\S+) "(.*)" always;', DOCS))
CLOSED = re.findall(r"location = (\S+) \{\s*return 404;", DOCS)
END = b"\r\n\r\n"
ELSEWHERE = """() => document.head.append(
  Object.assign(document.createElement('script'), { src: 'https://elsewhere.example/a.js' }))"""


class Proxy:
    """What the nginx of the docs does with a connection: close some paths, pass on, add the headers."""

    def __init__(self, address: str) -> None:
        host, _, port = address.partition(":")
        self.server = (host, int(port))
        self.socket = socket.create_server((HOST, 0))
        self.address = f"{HOST}:{self.socket.getsockname()[1]}"
        threading.Thread(target=self.run, daemon=True).start()

    def run(self) -> None:
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:  # closed: the end of the tests
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client: socket.socket) -> None:
        """One request of a browser: later ones come over connections of their own."""
        with (
            contextlib.suppress(OSError),  # a browser leaves when it likes
            client,
            socket.create_connection(self.server) as server,
        ):
            head, rest = self.head(client)
            if not head:  # a connection that a browser opened ahead and did not need
                return
            if head.split(b" ")[1].decode() in CLOSED:
                client.sendall(
                    b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close" + END
                )
                return
            if b"upgrade: websocket" not in head.lower():
                head = re.sub(rb"(?i)\r\nconnection: [^\r]*", b"", head) + b"\r\nConnection: close"
            server.sendall(head + END + rest)
            thread = threading.Thread(target=self.pipe, args=(client, server), daemon=True)
            thread.start()
            head, rest = self.head(server)
            added = "".join(f"\r\n{name}: {value}" for name, value in HEADERS.items())
            client.sendall(head + added.encode() + END + rest)
            self.pipe(server, client)

    @staticmethod
    def head(source: socket.socket) -> tuple[bytes, bytes]:
        """The head of a message, and what came with it."""
        data = b""
        while END not in data and (more := source.recv(65536)):
            data += more
        head, _, rest = data.partition(END)
        return head, rest

    @staticmethod
    def pipe(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)


@pytest.fixture(scope="module")
def proxied(address):
    """``host:port`` of the proxy before the server of the browser tests."""
    proxy = Proxy(address)
    yield proxy.address
    proxy.socket.close()


@pytest.fixture
def tab(tabs):
    """An empty tab, and what its browser says against the policy."""
    page = tabs(1280, 2000)
    complaints: list[str] = []

    def keep(message):
        if "Content Security Policy" in message.text:
            complaints.append(message.text)

    page.on("console", keep)
    yield page, complaints
    page.close()


def test_the_docs_name_what_a_browser_app_should_have():
    assert HEADERS["X-Content-Type-Options"] == "nosniff"
    assert HEADERS["X-Frame-Options"] == "SAMEORIGIN"
    rules = HEADERS["Content-Security-Policy"].split("; ")
    policy = dict(rule.split(" ", 1) for rule in rules)
    assert policy["frame-ancestors"] == policy["default-src"] == "'self'"
    assert policy["object-src"] == "'none'"
    assert "unsafe" not in policy["script-src"]
    assert not any("*" in sources or "http" in sources for sources in policy.values())


@pytest.mark.parametrize(
    ("path", "sign"),
    [
        ("?attack=bim&eps=0.1&strip=jpeg", "[data-testid=stMain] h2"),
        (
            "?model=digits-cnn&strip=jpeg&area=0%25,0%25,50%25,25%25",
            "[class*=st-key-area_painter] canvas",
        ),
        ("universal?model=imagenette-resnet&shared=patch", ".bars b"),
        ("detectors", ".js-plotly-plot .main-svg"),
        ("robustness_report", ".js-plotly-plot .main-svg"),
    ],
)
def test_pages_work_under_the_headers_and_foreign_scripts_do_not(tab, proxied, path, sign):
    page, complaints = tab
    assert page.goto(f"http://{proxied}/{path}").headers["x-frame-options"] == "SAMEORIGIN"
    page.locator(sign).first.wait_for(timeout=60_000)
    for name, shown in {"Swipe": "input[type=range]", "Equation": ".katex"}.items():
        if page.get_by_role("tab", name=name, exact=True).count():
            page.get_by_role("tab", name=name, exact=True).click()
            page.locator(shown).first.wait_for(timeout=60_000)
    if page.locator("[data-testid=stImage] img").count():
        page.wait_for_function(
            "() => document.querySelector('[data-testid=stImage] img')?.naturalWidth > 0"
        )
    assert complaints == []
    page.evaluate(ELSEWHERE)
    for _ in range(100):
        if any("elsewhere.example" in told for told in complaints):
            return
        page.wait_for_timeout(100)
    raise AssertionError("such scripts are refused")


def test_the_metrics_are_closed(address, proxied):
    assert CLOSED == ["/_stcore/metrics"]
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"http://{proxied}/_stcore/metrics", timeout=20)
    with urllib.request.urlopen(f"http://{address}/_stcore/metrics", timeout=20) as answer:
        assert answer.status == 200  # there is something to close
