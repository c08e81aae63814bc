"""Do replicas behind the proxy of ``deploy/`` keep their visitors, also when one of them is lost?

    python .ci/check_proxy.py

Two servers behind nginx, 32 websocket sessions and a page in Chromium. Each session gets its first result
and can upload, at one replica alone. One replica is killed: its sessions go on at the other, with the
settings of their address and a sentence that says so; those of the other notice nothing. It is started
again: nobody is moved back, and new visitors come to it.
"""

import asyncio
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

from playwright.async_api import Page, async_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from replicas import COOKIE, Replica, behind_proxy  # noqa: E402
from visitors import Run, Visitor  # noqa: E402

from robust_core.dashboard.navigation import RESTARTED  # noqa: E402

SESSIONS = 32
LINK = "model=digits-cnn&attack=pgd&eps=0.15&pgd.steps=3&pgd.seed={seed}"
"""Every session has a seed of its own, and so a picture that no other session has."""
PATIENCE = 60.0
XSRF = "_streamlit_xsrf"
EDGE = "edge"
FILE = (
    f'--{EDGE}\r\nContent-Disposition: form-data; name="words.txt"; filename="words.txt"\r\n'
    f"Content-Type: text/plain\r\n\r\nwords\r\n--{EDGE}--\r\n"
)
"""What a browser sends for an upload."""


class Guest(Visitor):
    """A visitor who knows their own settings, and keeps what they saw."""

    def __init__(self, address: str, seed: int) -> None:
        super().__init__(address, LINK.format(seed=seed))
        self.seed = seed
        self.moved = False
        self.pictures: list[str] = []

    @property
    def replica(self) -> str:
        return self.cookies[COOKIE]

    async def look(self, run: Run, *told: str) -> None:
        """The result is this visitor's own, and the page says this besides."""
        said = tuple(each for each in run.complaints if each not in told)
        assert not said, said
        assert set(told) <= set(run.complaints), f"not said: {told}"
        assert len(run.images) == 3, run.images
        assert self.value("pgd.seed").double_value == self.seed
        assert "eps=0.15" in self.query, self.query
        seen = list(run.images.values())
        assert all(each.startswith("data:image/png;base64,") for each in seen)
        assert not self.pictures or seen == self.pictures, "other pictures than before"
        self.pictures = seen
        assert await self.uploads(self.address), "the replica does not know the session"

    async def uploads(self, address: str) -> bool:
        """Whether a file of this session is taken at ``address``, asked with the cookies alone."""
        if XSRF not in self.cookies:
            await asyncio.to_thread(self.fetch, "/_stcore/health")  # a browser asks for it first
        request = urllib.request.Request(
            f"http://{address}{await self.place_for('words.txt')}",
            method="PUT",
            data=FILE.encode(),
            headers={
                **self._cookie(),
                "Content-Type": f"multipart/form-data; boundary={EDGE}",
                "X-Xsrftoken": self.cookies[XSRF],
            },
        )
        try:
            with await asyncio.to_thread(urllib.request.urlopen, request, timeout=PATIENCE):
                return True
        except urllib.error.HTTPError as error:
            if error.code == 400 and b"Invalid session_id" in error.read():
                return False
            raise


async def arrive(address: str, seeds: range) -> list[Guest]:
    """That many visitors at once, each with a first result."""
    guests = [Guest(address, seed) for seed in seeds]

    async def come(guest: Guest) -> None:
        await guest.look(await guest.visit())

    await asyncio.gather(*map(come, guests))
    return guests


def at(replica: Replica, guests: list[Guest]) -> list[Guest]:
    return [guest for guest in guests if guest.replica == replica.number]


async def open_page(browser, address: str, replica: Replica) -> Page:
    """A page whose session is in ``replica``, and whose first run is over.

    One that is cut off earlier may have no values of widgets yet: it is made from its address as if it were
    new, has lost nothing and is told nothing.
    """
    context = await browser.new_context()
    host = address.partition(":")[0]
    cookie = {"name": COOKIE, "value": replica.number, "domain": host, "path": "/"}
    await context.add_cookies([cookie])
    page = await context.new_page()
    page.set_default_timeout(1000 * PATIENCE)
    await page.goto(f"http://{address}/?{LINK.format(seed=1000)}")
    await page.locator("[data-testid=stMain] h2").first.wait_for()
    await page.locator("[data-test-script-state=notRunning]").wait_for()
    return page


async def sees_the_move(page: Page) -> None:
    """The next click says what has happened, keeps the settings and has its pictures."""
    said = page.get_by_text(RESTARTED)
    end = time.monotonic() + PATIENCE
    while not await said.count():
        assert time.monotonic() < end, "the page never said that it has moved"
        await page.get_by_role("tab", selected=False).first.click()
        await page.wait_for_timeout(500)
    assert f"pgd.seed={1000}" in page.url, page.url
    await page.wait_for_function(
        """() => { const all = [...document.querySelectorAll('[data-testid=stImage] img')];
          return all.length >= 3 && all.every((i) => i.complete && i.naturalWidth); }"""
    )
    assert not await page.get_by_test_id("stException").count()


async def check(address: str, replicas: list[Replica], page_in) -> None:
    """The story above."""
    lost, kept = replicas
    guests = await arrive(address, range(SESSIONS))
    print(f"{SESSIONS} sessions: {dict(Counter(guest.replica for guest in guests))}", flush=True)
    assert {len(at(replica, guests)) for replica in replicas} == {SESSIONS // 2}
    for replica, other in ((lost, kept), (kept, lost)):
        assert not any([await guest.uploads(other.address) for guest in at(replica, guests)])

    moving, staying = at(lost, guests), at(kept, guests)
    page = await page_in(lost)
    lost.kill()
    begun = time.monotonic()
    await asyncio.gather(*(go_on(guest) for guest in moving), *(stay(guest) for guest in staying))
    print(f"one lost: {len(moving)} moved in {time.monotonic() - begun:.1f} s", flush=True)
    assert len(at(kept, guests)) == SESSIONS
    await sees_the_move(page)

    lost.start()
    await asyncio.sleep(6)  # longer than nginx remembers that it was down
    await asyncio.gather(*(stay(guest) for guest in moving))
    assert len(at(kept, guests)) == SESSIONS, "moved back to a replica that has not their sessions"
    new = await arrive(address, range(SESSIONS, SESSIONS + 4))
    assert at(lost, new), "no new visitor came to the replica that is there again"
    for guest in (*guests, *new):
        await guest.leave()


async def go_on(guest: Guest) -> None:
    """What a browser does whose connection broke."""
    guest.moved = True
    await guest.look(await guest.connect(), RESTARTED)


async def stay(guest: Guest) -> None:
    """The session is the same: it has the same pictures, and takes uploads."""
    told = (RESTARTED,) if guest.moved else ()
    await guest.look(await guest.rerun(), *told)


async def main() -> None:
    """Start everything, check, end everything."""
    begun = time.monotonic()
    executable = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "chrome"))))
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, args=["--no-sandbox", "--disable-gpu"]
        )
        with (
            tempfile.TemporaryDirectory(prefix="robust-lab-") as folder,
            behind_proxy(Path(folder)) as (address, replicas),
        ):
            await check(address, replicas, lambda where: open_page(browser, address, where))
        await browser.close()
    print(f"replicas keep their visitors: good after {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    asyncio.run(main())
