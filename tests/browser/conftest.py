"""A real Chromium on the real server. Skipped where there is none, unless REQUIRE_BROWSER is set."""

import os
import re
import shutil
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from robust_core.dashboard.views import Views
from robust_core.experiment.perform import Experiment
from robust_core.words.verdict import sentence
from tests.contents import SECTIONS
from tests.live import assert_fits, native

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"),
    "--process-per-site",  # tabs share what is compiled: see tabs()
    "--js-flags=--no-opt --no-maglev",  # a visit is over before optimising pays
)
STILL = {"reduced_motion": "reduce"}
"""Visitors who want no animations: else half of a visit goes into frames of things that fade and spin."""
RESULT = "[data-testid=stMain] h2"
BADGE = "[data-testid=stMain] .stMarkdownBadge"
DRAWN = """(name) => document.querySelector('[data-test-script-state=notRunning]')
  && [...document.querySelectorAll('[role=tab][aria-selected=true]')].some((tab) => {
    const panel = document.getElementById(tab.getAttribute('aria-controls'));
    return tab.innerText === name && panel?.querySelector('[data-testid=stElementContainer]')
      && [...panel.querySelectorAll('img')].every((image) => image.complete && image.naturalWidth); })"""
"""The tab of that name is open and has all of its pictures."""
AT_REST = """() => document.querySelector('[data-test-script-state=notRunning]')
  && !document.querySelector('[data-stale=true]')"""
PATIENCE = 45_000  # milliseconds; a busy machine with two cores
PHONE = 768
"""Up to this width, in pixels, the navigation is that of a phone: see style.py."""
LOOK = 100
"""Milliseconds between two looks at what is awaited: else Playwright has a frame drawn for each."""
FEW_CELLS = "strip=jpeg,median"
"""Of a link: else the strip of defences below the first example asks for 2,500 votes at each eps, which
keeps the server and the page at work for a minute."""
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items):
    """Mark what needs a browser: ``pytest -m "not browser"`` leaves it out."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def chromium():
    """One browser for all tests."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    if path is None or sync_playwright is None:
        missing = "Chromium is not installed" if path is None else "playwright is not installed"
        if os.environ.get("REQUIRE_BROWSER") == "1":
            pytest.fail(f"{missing}, and REQUIRE_BROWSER is set")
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


class Laboratory:
    """The page in a tab, in the words of its visitors."""

    def __init__(self, page, address: str, folder: Path) -> None:
        self.page, self.address, self.folder = page, address, folder
        self.errors: list[str] = []
        self.hosts: set[str] = set()
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self._note(request.url))
        page.on("websocket", lambda socket: self._note(socket.url))

    def _hear(self, message) -> None:
        # Opened below the root, Streamlit's front end first looks for its server there: two 404.
        told = f"{message.text} {message.location['url']}"
        if message.type == "error" and "/_stcore/" not in told:
            self.errors.append(message.text)

    @property
    def broken(self) -> list[str]:
        """The addresses of the pictures on the page that could not be loaded."""
        return self.page.eval_on_selector_all(
            "img",
            "all => all.filter((i) => i.src && i.complete && !i.naturalWidth).map((i) => i.src)",
        )

    def _note(self, url: str) -> None:
        kind, _, rest = url.partition("://")
        if kind in ("http", "https", "ws", "wss"):
            self.hosts.add(rest.partition("/")[0])

    def open(self, query: str = "") -> "Laboratory":
        """Visit and wait for the first result."""
        self.page.goto(f"http://{self.address}/{query}")
        self.page.locator(RESULT).first.wait_for()
        self.wait_for_pictures()
        return self

    def wait_for_pictures(self) -> None:
        """Until all three are there and drawn."""
        self.page.wait_for_function(
            """() => { const all = document.querySelectorAll('[data-testid=stImage] img');
              return all.length >= 3 && [...all].every((i) => i.complete && i.naturalWidth); }"""
        )

    def wait_for_rest(self) -> None:
        """Until no run is under way: only then does a download have what the last one made for it."""
        self.page.wait_for_function(AT_REST)

    @property
    def sentence(self) -> str:
        return self.page.locator(RESULT).first.inner_text()

    @property
    def badge(self) -> str:
        """The outcome in a word or more, after the name of its icon."""
        return self.page.locator(BADGE).first.inner_text()

    @property
    def sources(self) -> list[str]:
        """The addresses of clean, perturbation and adversarial."""
        return self.page.eval_on_selector_all(
            "[data-testid=stImage] img", "all => all.slice(-3).map((i) => i.src)"
        )

    def until_changed(self, act: Callable[[], object]) -> None:
        """Do something and wait until the adversarial picture is another one, and loaded."""
        before = self.sources[2]
        act()
        self.page.wait_for_function(
            """(before) => { const all = document.querySelectorAll('[data-testid=stImage] img');
              const last = all[all.length - 1];
              return all.length >= 3 && last.src !== before && last.complete; }""",
            arg=before,
        )

    def choose_eps(self, label: str) -> None:
        """Press a chip, told by how it starts: ``0.5 ``."""
        self.until_changed(lambda: self.chip(label).click())
        self.page.wait_for_function(
            "([s, t]) => document.querySelector(s).innerText.includes(t)", arg=[RESULT, "/255"]
        )

    def chip(self, label: str):
        return self.page.get_by_role("radio", name=re.compile(rf"^{re.escape(label)}\s"))

    def upload(self, name: str, data: bytes) -> None:
        """Hand a file to the uploader; a run that starts in the same moment would lose where to send it."""
        self.wait_for_rest()
        (self.folder / name).write_bytes(data)
        self.page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(self.folder / name)

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait until something holds; between two results it may not even be defined."""
        end = time.monotonic() + PATIENCE / 1000
        while time.monotonic() < end:
            try:
                if holds():
                    return
            except (AssertionError, ValueError):
                pass
            self.page.wait_for_timeout(100)
        raise AssertionError(f"This never came: {what}")

    def set_steps(self, steps: int) -> None:
        """Type into the advanced parameters, which must be open."""
        field = self.page.get_by_role("spinbutton", name="Steps")
        field.fill(str(steps))
        field.press("Enter")

    def pictures(self, side: int = 32) -> list[np.ndarray]:
        """Clean, perturbation and adversarial at native size."""
        return [native(source, side) for source in self.sources]

    def clean(self, side: int = 32) -> np.ndarray:
        """The first of ``pictures``."""
        return native(self.sources[0], side)

    def assert_shows(self, expected: Experiment) -> None:
        """The sentence and the three pictures are those of the core, pixel for pixel."""
        self.page.get_by_text(sentence(expected, "linf")).wait_for()
        views = Views.of(expected)
        wanted = (views.clean, views.change, views.adversarial)

        def same() -> (
            bool
        ):  # they are drawn one after the other, and what is read may just be replaced
            shown = self.pictures(expected.clean.shape[-1])
            return all(np.array_equal(a, b) for a, b in zip(shown, wanted, strict=True))

        self.until(same, "the pictures of the core")

    def assert_whole_multiples(self, side: int) -> None:
        """On wide screens and a phone each pixel of the pictures is a square of whole pixels, and large."""
        for room in (1440, 390, 1280):
            self.page.set_viewport_size({"width": room, "height": 720})
            for image in self.page.locator("[data-testid=stImage] img").all()[-3:]:
                width, height, *natural = image.evaluate(
                    "i => [i.width, i.height, i.naturalWidth, i.naturalHeight]"
                )
                assert natural[0] == natural[1] >= width == height
                assert width % side == natural[0] % side == 0, "pixels of different sizes"
                assert width > 250, "small, though there is room"
                assert image.evaluate("i => getComputedStyle(i).imageRendering") == "pixelated"
            assert_fits(self.page, f"at {room}")

    def stop(self) -> None:
        """Stop the computation that runs; it can be run again."""
        self.page.get_by_role("button", name="Stop", exact=True).click()
        self.page.get_by_text("Stopped.").wait_for()
        assert self.page.get_by_role("button", name="Run it again").is_visible()

    def tab(self, name: str, finger: bool = False) -> None:
        """Open a tab below the result, and wait until it is drawn."""
        tab = self.page.get_by_role("tab", name=name, exact=True)
        (tab.tap if finger else tab.click)()
        self.page.wait_for_function(DRAWN, arg=name)


def go(page, title: str, finger: bool = False) -> None:
    """Open a page of the app by the navigation, that of the bar or of a phone."""
    section = next(name for name, pages in SECTIONS.items() if title in pages.values())
    # While a page is replaced, a phone's menus may be in sight beside the bar, for a moment.
    phone = page.viewport_size["width"] <= PHONE
    bar = page.locator(".st-key-pages" if phone else "[data-testid=stTopNav]")
    menu = page.locator("[data-testid=stPopoverBody]" if phone else "[data-testid=stTopNavPopover]")
    press = "tap" if finger else "click"
    if section:
        named = re.compile(f"^{section}")
        getattr(bar.get_by_role("button", name=named).filter(visible=True), press)()
    link = (menu if section else bar).get_by_text(title, exact=True).filter(visible=True)
    getattr(link, press)()


@pytest.fixture(scope="session")
def tabs(chromium, address):
    """``tabs(width, height, color_scheme, **context options)``: an empty tab, to be closed by the caller.

    Tabs with the same context options are one visitor's, who wants no animations. Beside them a tab stays
    open, so that the process that draws them lives on with the page's own files loaded and compiled: a
    third of the time.
    """
    contexts = {}

    def tab(width: int = 1280, height: int = 900, color_scheme: str = "light", **options):
        key = tuple(sorted((name, str(value)) for name, value in options.items()))
        if key not in contexts:
            contexts[key] = chromium.new_context(**STILL, **options)
            contexts[key].new_page().goto(f"http://{address}/_stcore/health")
        page = contexts[key].new_page()
        page.set_default_timeout(PATIENCE)
        page.wait_for_function = partial(page.wait_for_function, polling=LOOK)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=color_scheme)
        return page

    yield tab
    for each in contexts.values():
        each.close()


@pytest.fixture
def opening(tabs, address):
    """``opening(path, awaited, width, height, **options of tabs)``: a tab once what is awaited is there.

    Afterwards no tab may show an exception or have had an error in its scripts.
    """
    pages, errors = [], []

    def open_(path: str, awaited: str, *size: int, **options):
        page = tabs(*size, **options)
        pages.append(page)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"http://{address}/{path}")
        page.locator(awaited).first.wait_for()
        return page

    yield open_
    for page in pages:
        assert page.get_by_test_id("stException").count() == 0
        page.close()
    assert errors == []


@pytest.fixture
def visit(tabs, address, tmp_path):
    """``visit(query, **options of tabs)``: a new tab with a finished result.

    Afterwards no tab may have an error in its console, a broken picture or a request to another machine.
    """
    opened = []

    def open_(query: str = "", width: int = 1440, height: int = 900, **options) -> Laboratory:
        opened.append(Laboratory(tabs(width, height, **options), address, tmp_path))
        return opened[-1].open(query)

    yield open_
    for lab in opened:
        if not lab.page.is_closed():
            lab.until(lambda lab=lab: not lab.broken, "a page whose pictures are all loaded")
        lab.page.close()
    assert [lab.errors for lab in opened] == [[] for _ in opened]
    assert set().union(*(lab.hosts for lab in opened)) <= {address}


@pytest.fixture(scope="module")
def barriers():
    """``barriers(page, *rules)``: what axe-core finds, each as its rule, the element and the reason.

    Without ``rules`` it looks for everything.
    """
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()

    def find(page, *rules: str) -> list[str]:
        options = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
        return [
            f"{rule['id']}: {node['html'][:200]} {node['failureSummary']}"
            for rule in axe.run(page, options=options).response["violations"]
            for node in rule["nodes"]
        ]

    return find
