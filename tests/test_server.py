"""Eight visitors at once on the real server: each gets exactly what the core gives alone."""

import asyncio
import json
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from robust_core import attacks, zoo
from robust_core.dashboard.attack import charts
from robust_core.dashboard.views import Views
from robust_core.data import samples
from robust_core.experiment.perform import Experiment, perform
from robust_core.words.verdict import sentence
from tests.live import LEFT, native, without_leaving

CIFAR10, DIGITS = "cifar10-resnet32", "digits-cnn"
VISITORS = [
    {"model": CIFAR10, "picture": "chelsea", "attack": "fgsm", "eps": 0.01},
    {"model": CIFAR10, "picture": "rocket", "attack": "pgd", "eps": 0.1, "steps": 30},
    {"model": CIFAR10, "picture": "rocket", "attack": "pgd", "eps": 0.1, "steps": 30, "seed": 7},
    {"model": CIFAR10, "picture": "flower", "attack": "bim", "eps": 0.15, "steps": 25},
    {"model": CIFAR10, "picture": "china", "attack": "pgd-l2", "eps": 0.1, "seed": 3},
    {"model": CIFAR10, "picture": "astronaut", "attack": "noise", "eps": 0.7, "seed": 5},
    {"model": DIGITS, "picture": "digits-test-0", "attack": "pgd", "eps": 0.15, "restarts": 3},
    {"model": DIGITS, "picture": "digits-test-1", "attack": "bim-l2", "eps": 0.5},
]


def link(wish: dict) -> str:
    """The settings as the page's address holds them."""
    model = zoo.describe(wish["model"])
    own = {"model", "picture", "attack", "eps"}
    fields = {f"{wish['attack']}.{name}": wish[name] for name in wish.keys() - own}
    shared = {name: wish[name] for name in ("model", "attack", "eps")}
    return urllib.parse.urlencode({**shared, f"picture_{model.family}": wish["picture"], **fields})


def alone(wish: dict) -> Experiment:
    """The same experiment by the core, in this process, with nobody else."""
    model = zoo.describe(wish["model"])
    sample = samples.load(wish["picture"])
    pixels = model.fitted(sample.picture.pixels)
    fields = {name: wish[name] for name in wish.keys() - {"model", "picture", "attack", "eps"}}
    values = model.channels * model.input_size[0] * model.input_size[1]
    l2 = attacks.get(wish["attack"]).norm == "l2"
    attack = attacks.create(wish["attack"], eps=wish["eps"] * (values**0.5 if l2 else 1), **fields)
    label = model.class_names.index(sample.label) if sample.data else None
    return perform(zoo.load(wish["model"], "cpu"), pixels, attack, label=label)


class Visitor:
    """A browser session without a browser: it asks once and keeps what is on the page at the end."""

    def __init__(self, address: str, query: str = "", **headers: str) -> None:
        self.address, self.query, self.headers = address, query, headers
        self.elements: dict[tuple[int, ...], object] = {}

    async def connect(self) -> None:
        websockets = pytest.importorskip("websockets")
        self.socket = await websockets.connect(
            f"ws://{self.address}/_stcore/stream",
            subprotocols=["streamlit", "PLACEHOLDER_AUTH_TOKEN"],
            additional_headers=self.headers,
            max_size=2**26,
            ping_interval=None,
        )

    async def visit(self) -> None:
        """Run the page and read everything up to the end of the run."""
        from streamlit.proto.BackMsg_pb2 import BackMsg
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        asked = BackMsg()
        asked.rerun_script.query_string = self.query
        await self.socket.send(asked.SerializeToString())
        while True:
            message = ForwardMsg.FromString(await asyncio.wait_for(self.socket.recv(), 120))
            if message.WhichOneof("type") == "script_finished":
                break
            if message.WhichOneof("type") == "delta" and message.delta.HasField("new_element"):
                self.elements[tuple(message.metadata.delta_path)] = message.delta.new_element
        await self.socket.close()

    def shown(self, kind: str) -> list:
        """All elements of a kind, from the top of the page down."""
        found = [self.elements[path] for path in sorted(self.elements)]
        return [getattr(e, kind) for e in found if e.WhichOneof("type") == kind]

    def pictures(self, side: int) -> list:
        """Clean, perturbation and adversarial at native size."""
        return [native(element.imgs[0].url, side) for element in self.shown("imgs")[-3:]]


@pytest.fixture
def single_thread():
    """As the server computes: sums in another order may differ in the last bit."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


async def all_at_once(visitors: list[Visitor]) -> None:
    await asyncio.gather(*(visitor.connect() for visitor in visitors))
    await asyncio.gather(*(visitor.visit() for visitor in visitors))


def check(visitor: Visitor, wish: dict, expected: Experiment) -> None:
    """Pixels at native size, the sentence, and the confidences to the last bit."""
    assert not visitor.shown("exception")
    views = Views.of(expected)
    pictures = visitor.pictures(zoo.describe(wish["model"]).input_size[0])
    for shown, pixels in zip(pictures, (views.clean, views.change, views.adversarial), strict=True):
        assert (shown.reshape(pixels.shape) == pixels).all(), wish
    said = [element.body for element in visitor.shown("markdown")]
    assert f"## {sentence(expected, attacks.get(wish['attack']).norm)}" in said
    (chart,) = visitor.shown("plotly_chart")
    bars = {bar["name"]: bar["x"] for bar in json.loads(chart.spec)["data"]}
    rows = charts.top_classes(expected)
    assert bars == {"clean": [r[1] for r in rows], "adversarial": [r[2] for r in rows]}


def visit_at_once(visitors: list[Visitor]) -> None:
    """In a thread of its own: the browser tests keep an event loop in the main one."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(lambda: asyncio.run(all_at_once(visitors))).result()


def test_eight_visitors_at_once_each_get_what_the_core_gives_alone(address, single_thread):
    visitors = [Visitor(address, link(wish)) for wish in VISITORS]
    visit_at_once(visitors)
    for visitor, wish in zip(visitors, VISITORS, strict=True):
        check(visitor, wish, alone(wish))


def test_equal_wishes_at_once_share_one_result(address, single_thread):
    wish = {"model": CIFAR10, "picture": "motorcycle", "attack": "pgd", "eps": 0.15, "steps": 60}
    visitors = [Visitor(address, link(wish)) for _ in range(4)]
    visit_at_once(visitors)
    expected = alone(wish)
    for visitor in visitors:
        check(visitor, wish, expected)
    # The time of the attack is that of one run: it was computed once for all of them.
    assert len({visitor.shown("metric")[-1].body for visitor in visitors}) == 1


def test_only_what_a_leaving_visitor_causes_is_left_out_of_a_log():
    left = (
        "ERROR:    Exception in ASGI application\n"
        "Traceback (most recent call last):\n"
        '  File "starlette_websocket.py", line 516, in _websocket_endpoint\n'
        f"starlette.websockets.{LEFT}\n"
        "\n"
        "During handling of the above exception, another exception occurred:\n"
        "\n"
        "Traceback (most recent call last):\n"
        '  File "httptools_impl.py", line 401, in run_asgi\n'
        "TypeError: WebSocket text frames are not supported\n"
    )
    fault = (
        "2026-11-29 Uncaught app execution\nTraceback (most recent call last):\nValueError: no\n"
    )
    other = left.replace(LEFT, "RuntimeError: another")
    assert without_leaving(f"before\n{left}{fault}after\n") == f"before\n{fault}after\n"
    assert without_leaving(f"{other}{left}") == other
