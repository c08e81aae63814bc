"""Every page for everybody, by day, by night and on a phone; then its server is ended and started again.

Half of the pages at a time are open: all of them come back at once, to a server that knows nothing.
"""

import time
from contextlib import ExitStack, suppress
from itertools import pairwise

import pytest

from tests.browser.conftest import AT_REST, PATIENCE
from tests.browser.test_uploads import FILES
from tests.contents import PAGES, SECTIONS
from tests.live import PHONE, free_port, serving

playwright = pytest.importorskip("playwright.sync_api")

DESK = {"width": 1440, "height": 1400}
SMALL = "?model=digits-cnn&eps=0.15"
QUERIES = {
    "": "?model=digits-cnn&smoothing.n=100&depth=Why",
    "compare_attacks": f"{SMALL}&attacks=fgsm,pgd,deepfool",
    "black_box": "?model=digits-cnn&by_labels=boundary,hopskipjump",
    "compare_defences": f"{SMALL}&attack=fgsm&defenses=jpeg,median",
}
"""Few votes, a small model, two or three attacks and defences, where all of them run; the tab with most."""
UPLOADED = f"{SMALL}&source=upload&strip=jpeg"
"""Of Attack, for the restart. (Streamlit's drop zone is not as axe-core wants it.)"""
HEADS = {"": "no pixel moved by more than"}
"""What a heading says that is not the page's title."""
PLAIN = ("home", "tools")
"""Pages on which there is nothing to choose: none of them asks the new server for anything."""
HALVES = [tuple(PAGES)[i::2] for i in range(2)]
ANSWERS = 10
"""Messages of a server that has begun to draw the page; the first few are greetings."""
HEADINGS = "[data-testid=stMain] :is(h1, h2)"

LEAST = 12
"""Pixels of the smallest letters."""
# Also inside custom components. KaTeX's indices are small on purpose.
SMALL_LETTERS = """(least) => {
  const found = [];
  const walk = (root) => {
    for (const e of root.querySelectorAll('*')) {
      if (e.shadowRoot) walk(e.shadowRoot);
      const text = [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data.trim()).join('');
      const box = e.getBoundingClientRect();
      if (!text || !box.width || !box.height || e.closest('.katex')) continue;
      const scale = e.getScreenCTM?.() ?? { a: 1, b: 0 };  // of a picture made of lines
      const size = parseFloat(getComputedStyle(e).fontSize) * Math.hypot(scale.a, scale.b);
      if (size < least - 0.05) found.push(`${text}: ${size}`);
    }
  };
  walk(document);
  return found;
}"""
# axe-core cannot tell the contrast of what is scrolled out of sight.
HEIGHT = "Math.max(innerHeight, document.querySelector('[data-testid=stMain]').scrollHeight)"
LEVELS = "all => all.map((h) => [Number(h.tagName[1]), h.innerText.trim()])"
# Below the detector of page Attack, cells are filled by runs of their own.
FINISHED = """() => !document.querySelector('[data-testid=stSkeleton], .stProgress, .missing')
  && document.querySelector('[data-test-script-state=notRunning] h2')"""
# The strip's cells may be there while runs of their own go on: what is drawn again is pale meanwhile.
QUIET = f"""() => {{
  const rest = ({AT_REST})(), now = performance.now();
  if (!rest || !window.restSince) window.restSince = now;
  return rest && now - window.restSince >= (document.querySelector('.defended') ? 1200 : 0);
}}"""


FETCHED = "[...document.images].filter((i) => i.src.includes('/media/')).map((i) => i.alt)"
"""Pictures that the page would have to fetch: see ``imaging.data_url``."""


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


@pytest.fixture(scope="module")
def open_page(tabs, server):
    """``open_page(path)``: a page with its first heading, and the errors of its scripts so far."""
    pages = []

    def open_(path: str):
        page, errors = tabs(**DESK), []
        pages.append(page)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"http://{server.address}/{path}")
        page.locator(HEADINGS).first.wait_for()
        return page, errors

    yield open_
    for page in pages:
        page.close()


@pytest.fixture(scope="module")
def half(request, open_page):
    """``half(path)``: a page of this half of them, finished; it stays open until the half is over."""
    opened = {}

    def visit(path: str):
        if path not in opened:
            opened[path] = open_page(path + QUERIES.get(path, ""))
        page, errors = opened[path]
        page.wait_for_function(FINISHED)
        page.wait_for_function(QUIET)
        return page, errors

    visit.paths = HALVES[request.param]
    yield visit
    for page, _ in opened.values():
        page.close()


def bring_a_picture(page, address: str) -> None:
    page.goto(f"http://{address}/{UPLOADED}")
    page.locator(HEADINGS).filter(has_text=HEADS[""]).first.wait_for()
    page.wait_for_function(
        AT_REST
    )  # a run that starts in the same moment would lose where to send it
    sent = {"name": "plain.png", "mimeType": "image/png", "buffer": FILES["plain.png"]}
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(sent)
    page.get_by_role("img", name="Your picture").wait_for()
    page.get_by_text("plain.png").wait_for()


def pytest_generate_tests(metafunc) -> None:
    """Each page with the half that it belongs to, so that one half is over before the next begins."""
    if "path" in metafunc.fixturenames:
        pairs = [(i, path) for i, paths in enumerate(HALVES) for path in paths]
        names = [path or "attack" for _, path in pairs]
        metafunc.parametrize(("half", "path"), pairs, ids=names, indirect=["half"], scope="module")
    elif "half" in metafunc.fixturenames:
        metafunc.parametrize("half", range(len(HALVES)), indirect=True, scope="module")


def test_the_very_first_visitor_of_a_server_may_come_by_a_link(server, open_page):
    page, errors = open_page("compare_attacks?model=digits-cnn&attacks=fgsm")
    page.get_by_text("attack reached the goal").wait_for()
    assert page.get_by_role("link", name="Home", exact=True).is_visible()
    assert "attacks=fgsm" in page.url
    assert errors == []
    page.close()


def test_a_page_can_be_read_by_everybody(half, barriers, path):
    page, errors = half(path)
    page.add_style_tag(content="* { transition: none !important }")
    assert page.title() == f"{PAGES[path]} · Robust Lab"
    headings = page.eval_on_selector_all("h1, h2, h3, h4, h5, h6", LEVELS)
    levels = [level for level, _ in headings]
    assert [text for level, text in headings if level == 1] == [PAGES[path]]
    assert levels[0] == 1
    assert all(b <= a + 1 for a, b in pairwise(levels)), headings
    assert page.evaluate(FETCHED) == []
    page.set_viewport_size({"width": DESK["width"], "height": page.evaluate(HEIGHT)})
    assert barriers(page) == []
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(AT_REST)
    assert barriers(page, "color-contrast") == []
    assert page.evaluate(SMALL_LETTERS, LEAST) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate(SMALL_LETTERS, LEAST) == []
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="light")
    assert page.get_by_test_id("stException").count() == 0
    assert errors == []


def test_on_a_new_server_the_pages_go_on_with_the_same_settings(half, server):
    pages = {path: half(path)[0] for path in half.paths if path not in PLAIN}
    if "" in pages:
        bring_a_picture(pages[""], server.address)
    before = {path: page.url for path, page in pages.items()}
    heard = {path: listen(page) for path, page in pages.items()}
    server.start()
    for path, page in pages.items():
        come_back(page, heard[path])
        assert page.url.partition("?")[0] == before[path].partition("?")[0]
        told = HEADS.get(path, PAGES[path])
        page.locator(HEADINGS).filter(has_text=told).first.wait_for()
        if "eps" in QUERIES.get(path, "") or not path:
            assert "eps=0.15" in page.url
        assert not page.get_by_test_id("stException").count()
    if "" in pages:  # an upload that is gone is no longer listed, and the page says so
        pages[""].get_by_text("Meanwhile the sample picture is used.").wait_for()
        pages[""].get_by_text("plain.png").wait_for(state="detached")


def listen(page) -> list:
    """What the next servers of ``page`` send, as it comes."""
    answers = []

    def hear(message) -> None:  # Playwright takes no builtin for a handler
        answers.append(message)

    page.on("websocket", lambda socket: socket.on("framereceived", hear))
    return answers


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
