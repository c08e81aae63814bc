"""Visitors without a browser: Streamlit servers to talk to, and websocket sessions that do.

A `Visitor` sends what a browser sends (all widget states on every rerun) and reads every message
up to ``script_finished``, so that its times hold all of the server's work and none of a browser's.
"""

import asyncio
import os
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path

import websockets
from google.protobuf.message import Message
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

HOST = "127.0.0.1"
LARGEST = 64 * 2**20
PATIENCE = 60.0
"""Seconds within which a rerun must end."""
WIDGETS = {"selectbox", "slider", "button_group", "number_input", "checkbox"}
"""The kinds of widgets whose states are sent."""
SEEN = WIDGETS | {"imgs", "markdown"}
"""The kinds of elements that give a visitor something to look at."""


@dataclass
class Server:
    """A running Streamlit server and how many seconds it took to answer."""

    address: str
    process: subprocess.Popen
    started_in: float


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


@contextmanager
def serving(script: Path, folder: Path, port: int | None = None) -> Iterator[Server]:
    """``streamlit run script``, on a free port. ``folder`` is empty: no data sets, no downloads."""
    port = port or free_port()
    options = {
        "server.headless": "true",
        "server.address": HOST,
        "server.port": str(port),
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
    }
    command = [sys.executable, "-m", "streamlit", "run", script.name]
    command += [word for name, value in options.items() for word in (f"--{name}", value)]
    environment = {**os.environ, "ROBUST_DATA": str(folder), "TORCH_HOME": str(folder)}
    log = folder / f"server-{port}.log"
    begun = time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=script.parent, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        wait_until_healthy(f"{HOST}:{port}", process, log)
        yield Server(f"{HOST}:{port}", process, time.perf_counter() - begun)
    finally:
        process.terminate()
        process.wait(20)


def wait_until_healthy(address: str, process: subprocess.Popen, log: Path) -> None:
    """Unknown paths answer 200 too, so the body counts."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://{address}/_stcore/health", timeout=5) as answer:
                if answer.read() == b"ok":
                    return
        except OSError:
            time.sleep(0.01)
    raise RuntimeError(f"The server did not start:\n{log.read_text(errors='replace')}")


@dataclass(frozen=True)
class Run:
    """One run of the page, as a browser would have got it."""

    seconds: float
    bytes: int
    images: dict[str, str]
    """Caption of each picture shown, and its data URL."""
    complaints: tuple[str, ...]
    """Exceptions and error boxes."""
    seen: float | None = None
    """Seconds until there was something to look at."""

    def faults(self, images: int) -> list[str]:
        """What is wrong with a run that should have shown ``images`` pictures."""
        found = list(self.complaints)
        if len(self.images) != images:
            found.append(f"{len(self.images)} pictures instead of {images}")
        return found


class Visitor:
    """One browser session: `visit` opens it, `rerun` changes widgets by their keys.

    ``query``: of the page's address, which the page changes. ``cookies``: those that it comes with.
    """

    def __init__(
        self, address: str, query: str = "", cookies: dict[str, str] | None = None
    ) -> None:
        self.address = address
        self.query = query
        self.cookies = dict(cookies or {})
        self.widgets: dict[str, Message] = {}
        self._states: dict[str, WidgetState] = {}
        self._kept: dict[str, ForwardMsg] = {}

    async def visit(self) -> Run:
        """Ask for the page, connect and run it once, as a new visitor."""
        begun = time.perf_counter()
        await asyncio.to_thread(self.fetch, "/")
        return await self.connect(begun)

    async def connect(self, begun: float | None = None) -> Run:
        """Open the connection, also after the last one broke, and run the page as it stands."""
        begun = begun or time.perf_counter()
        self._socket = await websockets.connect(
            f"ws://{self.address}/_stcore/stream",
            subprotocols=["streamlit", "PLACEHOLDER_AUTH_TOKEN"],
            additional_headers=self._cookie(),
            max_size=LARGEST,
            ping_interval=None,
            compression=None,
        )
        self._take(self._socket.response.headers.get_all("Set-Cookie"))
        await self._ask()
        return await self._finished(begun)

    def fetch(self, path: str) -> bytes:
        """What the server has at ``path``, asked for with the cookies. Raises ``OSError``."""
        request = urllib.request.Request(
            urllib.parse.urljoin(f"http://{self.address}", path), headers=self._cookie()
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            self._take(answer.headers.get_all("Set-Cookie") or [])
            return answer.read()

    def _cookie(self) -> dict[str, str]:
        """The header with the cookies, where there are any."""
        told = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": told} if told else {}

    def _take(self, given: Iterable[str]) -> None:
        for each in given:
            self.cookies |= {k: morsel.value for k, morsel in SimpleCookie(each).items()}

    async def rerun(self, **changes: object) -> Run:
        """Set the widgets of these keys, written as ``family__field`` for ``family.field``."""
        begun = time.perf_counter()
        for key, value in changes.items():
            element = self.widgets[key.replace("__", ".")]
            _set(self._states[element.id], element, value)
        await self._ask()
        return await self._finished(begun)

    def place(self, key: str, title: str) -> int:
        """Where the option of this title, or whose title begins so, stands in a select box."""
        options = list(self.widgets[key].options)
        found = [i for i, option in enumerate(options) if option.startswith(title)]
        return options.index(title) if title in options else found[0]

    def value(self, key: str) -> WidgetState:
        """What the widget of this key shows."""
        return self._states[self.widgets[key].id]

    async def place_for(self, name: str) -> str:
        """The path to which the server wants an upload of that name."""
        message = BackMsg()
        message.file_urls_request.request_id = name
        message.file_urls_request.file_names.append(name)
        await self._socket.send(message.SerializeToString())
        async with asyncio.timeout(PATIENCE):
            while True:
                answer = ForwardMsg.FromString(await self._socket.recv())
                if answer.WhichOneof("type") == "file_urls_response":
                    return answer.file_urls_response.file_urls[0].upload_url

    async def leave(self) -> None:
        await self._socket.close()

    async def _ask(self) -> None:
        message = BackMsg()
        request = message.rerun_script
        request.widget_states.widgets.extend(self._states[e.id] for e in self.widgets.values())
        request.cached_message_hashes.extend(self._kept)
        request.query_string = self.query
        request.SetInParent()
        await self._socket.send(message.SerializeToString())

    async def _finished(self, begun: float) -> Run:
        size, kept, seen = 0, {}, None
        drawn: dict[tuple[int, ...], Message] = {}
        async with asyncio.timeout(PATIENCE):
            while True:
                data = await self._socket.recv()
                size += len(data)
                message = ForwardMsg.FromString(data)
                kind = message.WhichOneof("type")
                path = tuple(message.metadata.delta_path)
                if kind == "script_finished":
                    break
                if kind == "page_info_changed":
                    self.query = message.page_info_changed.query_string
                if kind == "ref_hash":  # large messages that have not changed are sent once
                    kept[message.ref_hash] = message = self._kept[message.ref_hash]
                elif message.metadata.cacheable:
                    kept[message.hash] = message
                if message.delta.WhichOneof("type") == "new_element":
                    drawn[path] = message.delta.new_element
                    if seen is None and _is_seen(drawn[path]):
                        seen = time.perf_counter() - begun
        seconds = time.perf_counter() - begun
        self._kept = kept
        return Run(seconds, size, *self._read(drawn.values()), seen)

    def _read(self, elements: Iterable[Message]) -> tuple[dict[str, str], tuple[str, ...]]:
        """Pictures and complaints among the elements; the widgets are noted."""
        self.widgets, images, complaints = {}, {}, []
        for element in elements:
            kind = element.WhichOneof("type")
            content = getattr(element, kind)
            if kind == "imgs":
                images |= {image.caption: image.url for image in content.imgs}
            elif kind == "exception":
                complaints.append(content.message)
            elif kind == "alert":
                complaints.append(content.body)
            elif kind in WIDGETS:
                self.widgets[content.id.split("-", 2)[2]] = content
                if content.set_value or content.id not in self._states:
                    self._states[content.id] = _state(content)
        return images, tuple(complaints)


def _is_seen(element: Message) -> bool:
    """Titles do not count: on the page Attack it is for screen readers alone."""
    if element.WhichOneof("type") == "markdown":
        body = element.markdown.body.strip()
        return bool(body) and not body.startswith("# ")
    return element.WhichOneof("type") in SEEN


def _state(element: Message) -> WidgetState:
    """What a browser reports for a widget that its user has left as the page made it."""
    state = WidgetState(id=element.id)
    name = type(element).__name__
    given = element.set_value
    if name == "Selectbox":
        default = element.options[element.default] if element.options else ""
        state.string_value = element.raw_value if given else default
    elif name == "Slider":
        state.double_array_value.data.extend(element.value if given else element.default)
    elif name == "ButtonGroup":
        chosen = (
            element.raw_values if given else [element.options[i].content for i in element.default]
        )
        state.string_array_value.data.extend(chosen)
    elif name == "Checkbox":
        state.bool_value = element.value if given else element.default
    elif element.HasField(field := "value" if given else "default"):
        state.double_value = getattr(element, field)
    return state


def _set(state: WidgetState, element: Message, value: object) -> None:
    """Write a user's choice: for choices its place among the options, else the value."""
    name = type(element).__name__
    if name == "Selectbox":
        state.string_value = element.options[value]
    elif name == "Slider":
        state.double_array_value.data[:] = [value]
    elif name == "ButtonGroup":
        state.string_array_value.data[:] = [element.options[value].content]
    elif name == "Checkbox":
        state.bool_value = value
    else:
        state.double_value = value
