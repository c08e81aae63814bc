"""A visit to a page without a browser, for the tests of the pages."""

from functools import cache
from pathlib import Path

from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.context import ContextProxy
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import AppTest, app_test, local_script_runner
from streamlit.util import calc_hash

from robust_core.paths import ASSETS

APP = str(ASSETS.parent / "app.py")
ADDRESSES = {"attack": "", "compare_defenses": "compare_defences"}
"""Pages whose address is not the name of their file."""


class Pages(PagesManager):
    """Of a server on which app.py has run: AppTest would begin each run as a new process does."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        PagesManager.uses_pages_directory = False  # as ``st.navigation`` leaves it


app_test.PagesManager = Pages
# A server looks once through all installed packages for components, AppTest before each run.
manifest_scanner.scan_component_manifests = cache(manifest_scanner.scan_component_manifests)
# As on localhost. AppTest's is a mock, which the engine would ask for its hash at every step.
ContextProxy.ip_address = None


def until_it_ends(runner: local_script_runner.LocalScriptRunner, timeout: float = 3) -> None:
    """Wait for a run of the script; AppTest itself looks for its end a thousand times a second."""
    runner._script_thread.join(timeout)
    if not runner.script_stopped():
        runner.request_stop()
        runner.join()
        raise RuntimeError(f"AppTest script run timed out after {timeout} s")


local_script_runner.require_widgets_deltas = until_it_ends
# A server compiles a script once, AppTest before each run.
app_test.ScriptCache = local_script_runner.ScriptCache = cache(ScriptCache)


def visit(page: str | None = None, **query: str) -> AppTest:
    """The first run of a page of the app (None: the one it opens with), by a link with a query."""
    test = AppTest.from_file(APP, default_timeout=120)
    test.query_params.update(query)
    return go_to(test, page) if page else test.run()


def go_to(test: AppTest, page: str) -> AppTest:
    """The same session on another page: AppTest itself knows pages by files, not by addresses."""
    name = Path(page).stem
    test._page_hash = calc_hash(ADDRESSES.get(name, name))
    return test.run()


def ran(page: AppTest) -> AppTest:
    """The page, on which nothing went wrong."""
    assert not page.exception
    assert not page.error
    return page


def without_any(page: AppTest, key: str) -> AppTest:
    """The page once nothing is chosen in one of its lists."""
    page.session_state[key] = []
    return ran(page.run())


def text(page: AppTest) -> str:
    """All that is written on it, but for headings and controls."""
    return "\n".join(m.value for m in (*page.markdown, *page.caption, *page.info))


def bodies(page: AppTest, kind: str) -> list[str]:
    """Its own HTML of one class."""
    return [h.proto.body for h in page.get("html") if f"class={kind}" in h.proto.body]
