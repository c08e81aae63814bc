"""Make the README's pictures of pages: the first visit of each, as a browser shows it.

    python benchmarks/screenshot.py

Needs playwright and Chromium, found through the variable CHROMIUM or the PATH. The server gets an
empty data folder, so that no data set's pixels appear.
"""

from pathlib import Path

from chromium import browsing
from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]
ASSETS = ROOT / "assets"
WIDTH, HEIGHT = 1280, 800
PATIENCE_MS = 60_000
EXAMPLE = """() => {
    const pictures = [...document.querySelectorAll('[data-testid=stImage] img')];
    const ready = pictures.every((p) => p.complete && p.naturalWidth > 0);
    return pictures.length === 3 && ready && document.querySelector('.js-plotly-plot .main-svg');
}"""
SUMMARY = "() => /Of \\d+ defences/.test(document.body.innerText)"
PAGES = {"screenshot.png": ("", EXAMPLE), "screenshot-defenses.png": ("compare_defences", SUMMARY)}
"""By the name of the picture: the page, and what holds once its first result is there."""


def photograph(page: Page, address: str, name: str) -> None:
    """Wait for the finished example, then write the picture."""
    path, settled = PAGES[name]
    page.goto(f"http://{address}/{path}")
    page.wait_for_function(settled, timeout=PATIENCE_MS)
    page.evaluate("() => document.fonts.ready")
    page.wait_for_timeout(1500)  # transitions
    if page.get_by_test_id("stException").count():
        raise RuntimeError("The page shows an exception instead of its first result.")
    target = ASSETS / name
    page.screenshot(path=target)
    print(f"{target.relative_to(ROOT)}: {target.stat().st_size / 1000:.0f} kB")


def main() -> None:
    with browsing() as (address, browser):
        view = {"width": WIDTH, "height": HEIGHT}
        for name in PAGES:
            page = browser.new_page(viewport=view, color_scheme="light")
            photograph(page, address, name)


if __name__ == "__main__":
    main()
