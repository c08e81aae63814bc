"""Walk all lessons as a newcomer does, in a browser: seconds, minutes, and pictures of each step.

    python benchmarks/lessons.py --pictures FOLDER [--size 390x844] [--dark] [--out JSON]

On a new server, so that nothing is computed yet. At each step: read, open the hint, predict, see the
result, change its control, and have axe-core look by day and by night; at the end of a lesson back to its
first step, and everything must be as it was left. Exits with 1 where something was lost or axe-core found
something. Needs `requirements-dev.txt` and Chromium, found through the variable CHROMIUM or the PATH.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from chromium import browsing
from timing import conditions

from robust_core.files import json_text
from robust_core.words.lessons import LESSONS, Lesson
from robust_core.words.lessons.step import Step

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "assets" / "results" / "benchmark-lessons.json"
PATIENCE_MS = 120_000
WORDS_A_MINUTE = 200
"""Read by an adult who wants to understand."""
THINK, LOOK, PRESS = 20.0, 10.0, 3.0
"""Seconds over a question, over a figure, and for finding and pressing a control: assumed, not measured."""
AT_REST = """() => document.querySelector('[data-test-script-state=notRunning]')
  && !document.querySelector('[data-stale=true], .stProgress')"""
WORDS = """all => all.map((e) => e.innerText.split(/\\s+/).filter((w) => /[\\p{L}\\p{N}]/u.test(w)).length)
  .reduce((a, b) => a + b, 0)"""
COLUMNS = "[data-testid=stMain] [data-testid=stColumn]"
FIGURES = ".lesson-bars, .lesson-pictures, .frames, [data-testid=stPlotlyChart]"


@dataclass
class Walked:
    """What a step took: seconds of ``computing`` its result, and of ``changing`` its control."""

    lesson: int
    step: int
    words: int = 0
    figures: int = 0
    presses: int = 0
    computing: float = 0.0
    changing: float = 0.0
    screens: float = 0.0
    barriers: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)

    @property
    def minutes(self) -> float:
        """Of a person: reading, thinking, looking, pressing, waiting."""
        seconds = THINK + LOOK * self.figures + PRESS * self.presses
        return self.words / WORDS_A_MINUTE + (seconds + self.computing + self.changing) / 60


class Newcomer:
    """A visitor with a tab, who keeps pictures of what there is to see."""

    def __init__(self, page: Page, folder: Path, scheme: str) -> None:
        self.page, self.folder, self.axe, self.scheme = page, folder, Axe(), scheme
        self.height = page.viewport_size["height"] if page.viewport_size else 0

    def rest(self) -> None:
        """Until no run is under way, for a fifth of a second."""
        for _ in range(2):
            self.page.wait_for_function(AT_REST)
            self.page.wait_for_timeout(200)

    def photograph(self, name: str) -> float:
        """The first screen; what goes on below it gets a second picture. Returns how many screens."""
        page = self.page
        page.screenshot(path=self.folder / f"{name}.png")
        height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
        width = page.viewport_size["width"] if page.viewport_size else 0
        if height > self.height:
            page.set_viewport_size({"width": width, "height": height})
            page.wait_for_timeout(300)
            page.screenshot(path=self.folder / f"{name}-whole.png")
            page.set_viewport_size({"width": width, "height": self.height})
        return height / self.height

    def press(self, walked: Walked, what: Locator) -> float:
        """Press something; the seconds until the page rests."""
        begun = time.perf_counter()
        what.click()
        self.page.wait_for_timeout(50)
        self.page.wait_for_function(AT_REST)
        walked.presses += 1
        return time.perf_counter() - begun

    def barriers(self) -> list[str]:
        """What axe-core finds by day and by night."""
        found = []
        for scheme in ("dark", "light"):
            self.page.emulate_media(color_scheme=scheme)
            self.rest()
            report = self.axe.run(self.page, options={"resultTypes": ["violations"]})
            found += [
                f"{scheme}, {rule['id']}: {node['html'][:200]}"
                for rule in report.response["violations"]
                for node in rule["nodes"]
            ]
        self.page.emulate_media(color_scheme=self.scheme)
        return found


def walk(visitor: Newcomer, lesson: Lesson) -> list[Walked]:
    """All steps of a lesson forwards, then back to the first."""
    steps = list(enumerate(lesson.steps, 1))
    walked = [_step(visitor, lesson, number, step) for number, step in steps]
    for number, step in reversed(steps):
        walked[number - 1].lost = _lost(visitor, lesson, number, step)
        if number > 1:
            visitor.page.locator(f".st-key-back_{lesson.number}_{number} button").click()
            visitor.rest()
    return walked


def _step(visitor: Newcomer, lesson: Lesson, number: int, step: Step) -> Walked:
    """Read, hint, predict, result, control, next."""
    page, here = visitor.page, f"{lesson.number}_{number}"
    walked = Walked(lesson.number, number)
    page.get_by_role("heading", name=step.goal).wait_for()
    visitor.rest()
    visitor.photograph(f"{lesson.number}-{number}-question")
    visitor.press(walked, page.locator(f".st-key-hint_{here} summary"))
    page.get_by_text(step.hint, exact=True).wait_for()
    page.get_by_role("radio", name=step.choices[chosen(step)], exact=True).check(force=True)
    walked.presses += 1
    page.locator(f".st-key-show_{here} button:enabled").wait_for()
    walked.computing = visitor.press(walked, page.locator(f".st-key-show_{here} button"))
    page.get_by_text(step.takeaway, exact=True).first.wait_for()
    visitor.rest()
    walked.screens = round(visitor.photograph(f"{lesson.number}-{number}-result"), 2)
    walked.words = page.eval_on_selector_all(COLUMNS, WORDS)
    walked.figures = page.locator(FIGURES).count()
    walked.barriers = visitor.barriers()
    if step.control is not None:
        walked.changing = visitor.press(walked, _other(page, step, here))
        visitor.rest()
        visitor.photograph(f"{lesson.number}-{number}-changed")
    if number < len(lesson.steps):
        visitor.press(walked, page.locator(f".st-key-next_{here} button"))
    print(_line(walked))
    return walked


def chosen(step: Step) -> int:
    """What the newcomer predicts: now this, now that."""
    return len(step.goal) % len(step.choices)


def _other(page: Page, step: Step, here: str) -> Locator:
    """The last value of a control, or the first where it starts with the last."""
    assert step.control is not None
    values = list(step.control.options)
    words = step.control.options[values[-1 if values[-1] != step.control.start else 0]]
    return page.locator(f".st-key-control_{here}").get_by_role("radio", name=words, exact=True)


def _lost(visitor: Newcomer, lesson: Lesson, number: int, step: Step) -> list[str]:
    """What a step, visited again, no longer shows as it was left."""
    page = visitor.page
    page.get_by_role("heading", name=step.goal).wait_for()
    visitor.rest()
    found = []
    if not page.get_by_role("radio", name=step.choices[chosen(step)], exact=True).is_checked():
        found.append("the prediction")
    if not page.get_by_text(step.takeaway, exact=True).count():
        found.append("the result")
    if step.control is not None:
        other = _other(page, step, f"{lesson.number}_{number}")
        if other.get_attribute("aria-checked") != "true":
            found.append("the control's value")
    return found


def _line(one: Walked) -> str:
    told = f"{one.lesson}.{one.step}: {one.words} words, {one.figures} figures, {one.presses} presses, "
    told += f"{one.computing:.1f} s + {one.changing:.1f} s, {one.screens:.1f} screens: "
    return told + f"{one.minutes:.1f} min {one.barriers or ''}"


def table(walked: list[Walked]) -> str:
    """A line for each lesson: its minutes beside those that its steps promise."""
    lines = []
    for lesson in LESSONS:
        own = [one for one in walked if one.lesson == lesson.number]
        if own:
            promised = sum(step.minutes for step in lesson.steps)
            slowest = max(max(one.computing, one.changing) for one in own)
            lines.append(
                f"lesson {lesson.number}: {len(own)} steps, {sum(one.words for one in own)} words, "
                f"{sum(one.presses for one in own)} presses, slowest result {slowest:.1f} s: "
                f"{sum(one.minutes for one in own):.1f} minutes (promised: {promised:g})"
            )
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--pictures", type=Path, required=True, help="folder for the pictures")
    parser.add_argument("--size", default="1280x720", help="of the screen, in pixels [1280x720]")
    parser.add_argument("--dark", action="store_true", help="pictures by night")
    parser.add_argument("--lesson", type=int, nargs="+", default=[one.number for one in LESSONS])
    parser.add_argument("--out", type=Path, help=f"write the figures here, say {RESULT.name}")
    args = parser.parse_args()
    args.pictures.mkdir(parents=True, exist_ok=True)
    width, height = map(int, args.size.split("x"))
    with browsing() as (address, browser):
        page = browser.new_page(
            viewport={"width": width, "height": height}, reduced_motion="reduce"
        )
        page.set_default_timeout(PATIENCE_MS)
        scheme = "dark" if args.dark else "light"
        page.emulate_media(color_scheme=scheme)
        walked = []
        page.goto(f"http://{address}/lessons?lesson={args.lesson[0]}")
        for lesson in (one for one in LESSONS if one.number in args.lesson):
            page.get_by_role("radio", name=f"{lesson.number}. {lesson.title}", exact=True).click()
            walked += walk(Newcomer(page, args.pictures, scheme), lesson)
    print(table(walked))
    if args.out:
        rows = [asdict(one) | {"minutes": one.minutes} for one in walked]
        value = {**conditions(torch.device("cpu")), "screen": args.size, "rows": rows}
        value["command"] = "python benchmarks/lessons.py"
        args.out.write_text(json_text(json.loads(json.dumps(value))), encoding="utf-8")
    faults = [f"{one.lesson}.{one.step} lost {what}" for one in walked for what in one.lost]
    faults += [f"{one.lesson}.{one.step} {what}" for one in walked for what in one.barriers]
    print("\n".join(faults) or "Nothing was lost, and axe-core found nothing.")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
