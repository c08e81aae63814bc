"""A visitor who does not wait for the strip of defences: what they do counts, and the strip goes on."""

import re
from urllib.parse import urlsplit

from robust_core.dashboard.components.afterwards import EVERY
from tests.browser.conftest import AT_REST, DRAWN, go

FILLING = (
    "?model=digits-cnn&picture_digits=digits-test-9&attack=pgd&eps=0.15&pgd.steps=7&strip=jpeg"
)
BY_HAND = f"""(() => {{ const set = window.setInterval, clear = window.clearInterval;
  let ours;
  window.setInterval = (act, ms, ...rest) => {{
    if (Math.round(ms) !== {1000 * EVERY:g}) return set(act, ms, ...rest);
    window.due = act;
    return ours = set(() => 0, 1e9);
  }};
  window.clearInterval = (id) => {{ if (id === ours) window.due = null; clear(id); }}; }})()"""
"""The strip's next run is asked for when the test says so: ``due()``."""
MEANWHILE = "(tab) => { tab.click(); window.due(); }"
FULL = "!document.querySelector('.defended .missing')"


class Line:
    """The wire between a tab and the server: what the tab sends is counted, what it gets can be held up."""

    def __init__(self, page) -> None:
        self.held: list | None = None
        self.asked = 0
        page.route_web_socket(re.compile("/_stcore/stream"), self._connect)

    def _connect(self, browser) -> None:
        server = browser.connect_to_server()

        def up(message) -> None:
            self.asked += 1
            server.send(message)

        def down(message) -> None:
            if self.held is None:
                browser.send(message)
            else:
                self.held.append((browser, message))

        browser.on_message(up)
        server.on_message(down)

    def hold(self) -> None:
        self.held = []

    def release(self) -> None:
        held, self.held = self.held, None
        for browser, message in held:
            browser.send(message)


def test_what_a_visitor_does_while_the_strip_is_filled_counts(tabs, address):
    page = tabs()
    page.add_init_script(BY_HAND)
    line = Line(page)
    page.goto(f"http://{address}/{FILLING}")
    page.wait_for_function("!!window.due")
    page.wait_for_function(AT_REST)

    asked = line.asked
    line.hold()  # the next page is slow to come
    go(page, "Detectors")
    page.evaluate("window.due?.()")
    page.evaluate("new Promise(requestAnimationFrame)")
    assert line.asked == asked + 1, "the page was asked for, and nothing else"
    line.release()
    page.locator(".defended").wait_for(state="detached")
    page.wait_for_function(AT_REST)
    assert urlsplit(page.url).path == "/detectors"

    go(page, "Attack")
    page.wait_for_function("!!window.due")
    assert page.locator(".defended .missing").count() == 2
    page.get_by_role("tab", name="Equation").evaluate(MEANWHILE)
    page.wait_for_function(DRAWN, arg="Equation")
    for _ in range(100):
        page.evaluate("window.due?.()")
        page.wait_for_timeout(200)
        if page.evaluate(FULL) and page.evaluate("!window.due"):
            break
    else:
        raise AssertionError("the strip was never filled, or its runs never ended")
    page.close()
