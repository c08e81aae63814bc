"""A server that is ended and started again while a page is open: the page goes on where it was."""

import time
from contextlib import ExitStack, suppress

import pytest

from tests.browser.conftest import PATIENCE
from tests.browser.test_uploads import FILES
from tests.contents import PAGES, SECTIONS
from tests.live import free_port, serving

playwright = pytest.importorskip("playwright.sync_api")

ATTACK = "?model=digits-cnn&eps=0.15&source=upload&strip=jpeg"
SMALL = "?model=digits-cnn&eps=0.15"
QUICK = {
    "compare_attacks": f"{SMALL}&attacks=fgsm,pgd",
    "compare_defences": f"{SMALL}&defenses=jpeg,median",
    "black_box": "?model=digits-cnn&by_labels=boundary",
}
"""Where all of a page's attacks run at once, and again on the new server: few, and a small model."""
PLAIN = ("home", "tools")
"""Pages on which there is nothing to choose."""
PATHS = {
    ATTACK: "no pixel moved by more than",
    **{f"{page}{QUICK.get(page, '')}": PAGES[page] for page in PAGES if page and page not in PLAIN},
}
ANSWERS = 10
"""Messages of a server that has begun to draw the page; the first few are greetings."""
HEADINGS = "[data-testid=stMain] :is(h1, h2)"


class Server:
    """A server that can be started again on the same port."""

    def __init__(self, folder) -> None:
        self.folder, self.port, self.running = folder, free_port(), ExitStack()
        self.start()

    def start(self) -> None:
        self.running.close()
        self.address = self.running.enter_context(serving(self.folder, self.port, patience=0.5))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("server"))
    yield made
    made.running.close()


@pytest.fixture
def open_page(tabs, server):
    """``open_page(path)``: a page with its first heading."""
    pages = []

    def open_(path: str):
        pages.append(tabs())
        pages[-1].goto(f"http://{server.address}/{path}")
        pages[-1].locator(HEADINGS).first.wait_for()
        return pages[-1]

    yield open_
    for page in pages:
        page.close()


def come_back(page, answers: list) -> None:
    """Choose things until the new server answers; choices before that are lost."""
    end = time.monotonic() + PATIENCE / 1000
    while len(answers) < ANSWERS:
        assert time.monotonic() < end, "the page never came back"
        with suppress(
            playwright.TimeoutError
        ):  # the control is drawn again while the page comes back
            page.locator("[role=radio][aria-checked=false]").first.click(timeout=2000)
        for _ in range(10):
            page.wait_for_timeout(100)
            if len(answers) >= ANSWERS:
                break
    page.wait_for_function(
        "(n) => document.querySelectorAll('[data-testid=stTopNavSection]').length === n",
        arg=len(SECTIONS) - 1,  # Home stands in the bar itself
    )
    page.get_by_test_id("stStatusWidget").wait_for(state="detached")
    page.locator(HEADINGS).first.wait_for()


def listen(page) -> list:
    """What the next servers of ``page`` send, as it comes."""
    answers = []

    def hear(message) -> None:  # Playwright takes no builtin for a handler
        answers.append(message)

    page.on("websocket", lambda socket: socket.on("framereceived", hear))
    return answers


def test_the_very_first_visitor_of_a_server_may_come_by_a_link(server, open_page):
    page = open_page("compare_attacks?model=digits-cnn&attacks=fgsm")
    page.get_by_text("attack reached the goal").wait_for()
    assert page.get_by_role("link", name="Home", exact=True).is_visible()
    assert "attacks=fgsm" in page.url


# Half of them at a time: all come back at once, to a server that knows nothing.
@pytest.mark.parametrize("paths", [tuple(PATHS)[i::2] for i in range(2)], ids=" and ".join)
def test_the_same_pages_with_the_same_settings(server, open_page, tmp_path, paths):
    pages = {path: open_page(path) for path in paths}
    if ATTACK in pages:
        page = pages[ATTACK]
        (tmp_path / "plain.png").write_bytes(FILES["plain.png"])
        page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(tmp_path / "plain.png")
        page.get_by_role("img", name="Your picture").wait_for()
        page.get_by_text("plain.png").wait_for()
    before = {path: page.url for path, page in pages.items()}
    heard = {path: listen(page) for path, page in pages.items()}
    server.start()
    for path, page in pages.items():
        come_back(page, heard[path])
        assert page.url.partition("?")[0] == before[path].partition("?")[0]
        page.locator(HEADINGS).filter(has_text=PATHS[path]).first.wait_for()
        if "eps" in path:
            assert "eps=0.15" in page.url
        assert not page.get_by_test_id("stException").count()
    if ATTACK in pages:  # an upload that is gone is no longer listed, and the page says so
        pages[ATTACK].get_by_text("Meanwhile the sample picture is used.").wait_for()
        pages[ATTACK].get_by_text("plain.png").wait_for(state="detached")
