"""Every page for everybody: what axe-core finds by day and by night, headings, letters, a phone."""

from itertools import pairwise

import pytest

from tests.browser.conftest import AT_REST, go
from tests.contents import PAGES, SECTIONS
from tests.live import PHONE

QUERIES = {
    "": "?model=digits-cnn&smoothing.n=100&depth=Why",
    "compare_attacks": "?model=digits-cnn&attacks=fgsm,pgd,deepfool",
    "black_box": "?model=digits-cnn&by_labels=boundary,hopskipjump",
    "compare_defences": "?model=digits-cnn&attack=fgsm&defenses=jpeg,median",
}
"""Few votes, a small model, two or three attacks and defences, where all of them run; the tab with most."""
LEAST = 12
"""Pixels of the smallest letters."""
# Also inside custom components. KaTeX's indices are small on purpose.
SMALL = """(least) => {
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
HEADINGS = "all => all.map((h) => [Number(h.tagName[1]), h.innerText.trim()])"
# Below the detector of page Attack, cells are filled by runs of their own.
FINISHED = """() => !document.querySelector('[data-testid=stSkeleton], .stProgress, .missing')
  && document.querySelector('[data-test-script-state=notRunning] h2')"""

# The strip's cells may be there while runs of their own go on: what is drawn again is pale meanwhile.
QUIET = f"""() => {{
  const rest = ({AT_REST})(), now = performance.now();
  if (!rest || !window.restSince) window.restSince = now;
  return rest && now - window.restSince >= (document.querySelector('.defended') ? 1200 : 0);
}}"""


@pytest.fixture
def opened(opening):
    """``opened(path, **viewport)``: a page, once it has finished."""

    def visit(path: str, width: int, height: int):
        page = opening(path, "h1", width, height)
        page.wait_for_function(FINISHED)
        page.wait_for_function(QUIET)
        page.add_style_tag(content="* { transition: none !important }")
        return page

    return visit


@pytest.mark.parametrize("path", PAGES)
def test_a_page_can_be_read_by_everybody(opened, barriers, path):
    page = opened(path + QUERIES.get(path, ""), 1440, 1400)
    assert page.title() == f"{PAGES[path]} · Robust Lab"
    headings = page.eval_on_selector_all("h1, h2, h3, h4, h5, h6", HEADINGS)
    levels = [level for level, _ in headings]
    assert [text for level, text in headings if level == 1] == [PAGES[path]]
    assert levels[0] == 1
    assert all(b <= a + 1 for a, b in pairwise(levels)), headings
    page.set_viewport_size({"width": 1440, "height": page.evaluate(HEIGHT)})
    assert barriers(page) == []
    page.emulate_media(color_scheme="dark")
    page.wait_for_function(AT_REST)
    assert barriers(page, "color-contrast") == []
    assert page.evaluate(SMALL, LEAST) == []
    page.set_viewport_size(PHONE)
    assert page.evaluate(SMALL, LEAST) == []


def test_on_a_phone_all_pages_are_two_taps_away(opened):
    page = opened("robustness_report?model=digits-cnn", **PHONE)
    bar = page.locator(".st-key-pages")
    for name in ("Home", "Detectors", "Attack"):
        go(page, name)
        page.wait_for_function("name => document.title.startsWith(name)", arg=name)
        page.locator("[data-testid=stPopoverBody]").wait_for(state="detached")
    for section, pages in SECTIONS.items():
        inside = bar
        if section:
            bar.get_by_role("button", name=section, exact=True).click()
            inside = page.locator("[data-testid=stPopoverBody]")
            inside.wait_for()
        links = inside.locator("a").filter(visible=True)
        assert links.locator("p").all_inner_texts() == list(pages.values())
        for link in links.all():
            box = link.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= PHONE["width"]
            assert box["height"] >= 40, "too small for a finger"


def test_the_keyboard_reaches_every_section_and_its_pages(opening):
    page = opening("home", "[data-testid=stMain] h2", 1280, 720)
    page.wait_for_function(AT_REST)  # a bar that is drawn again loses the focus
    page.get_by_role("button", name="Prove").focus()
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Verify").wait_for()
    page.keyboard.press("Escape")
    page.get_by_test_id("stTopNavPopover").wait_for(state="detached")
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Robustness report").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.title.startsWith('Robustness report')")
    page.get_by_role("button", name="Prove · Robustness report").wait_for()
