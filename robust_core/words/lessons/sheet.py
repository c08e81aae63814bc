"""The teacher's sheet: timing, questions and expected numbers, by the code that the page runs."""

import re
from collections.abc import Sequence
from html import escape

from robust_core.progress import Progress
from robust_core.words.lessons import markup
from robust_core.words.lessons.step import Found, Step
from robust_core.words.lessons.table import LESSONS, Lesson

CSS = """<style>
body { font: 11pt/1.45 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem;
  color: #1B1B1B; background: #FFFFFF; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.25rem; } h3 { font-size: 1rem; margin: 1.4rem 0 0.2rem; }
p { margin: 0.3rem 0; } small { color: #555555; } ol { margin: 0.3rem 0; padding-left: 1.4rem; }
li.right { font-weight: 700; } li.right::after { content: " \\2713"; }
article { break-before: page; } article:first-of-type { break-before: auto; }
section { break-inside: avoid; }
</style>"""


def sheet(lessons: Sequence[Lesson] = LESSONS, progress: Progress | None = None) -> str:
    """The sheet of some lessons as one HTML file; ``progress(k, n)`` counts steps."""
    total = sum(len(lesson.steps) for lesson in lessons)
    done = 0
    parts = []
    for lesson in lessons:
        steps = []
        for number, step in enumerate(lesson.steps, 1):
            if progress is not None:
                progress(done, total)
            steps.append(_step(lesson, number, step, step.find(step.start, None)))
            done += 1
        parts.append(_lesson(lesson, "".join(steps)))
    title = "Robust Lab: teacher's sheet"
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title>"
        f"<meta name=viewport content='width=device-width'>{CSS}{markup.CSS}</head><body>"
        f"<h1>{title}</h1>{''.join(parts)}</body></html>"
    )


def _lesson(lesson: Lesson, steps: str) -> str:
    minutes = sum(step.minutes for step in lesson.steps)
    return (
        f"<article><h2>Lesson {lesson.number}: {escape(lesson.title)}</h2><p>{escape(lesson.question)}</p>"
        f"<p><small>{len(lesson.steps)} steps, {minutes:g} minutes. Link: /lessons?lesson={lesson.number}"
        f"</small></p>{steps}<p><b>To take away:</b> {escape(lesson.sentence)}</p></article>"
    )


def _step(lesson: Lesson, number: int, step: Step, found: Found) -> str:
    choices = "".join(
        f"<li{' class=right' if k == found.right else ''}>{escape(choice)}</li>"
        for k, choice in enumerate(step.choices)
    )
    figures = "".join(map(markup.of, found.figures))
    return (
        f"<section><h3>{lesson.number}.{number} {escape(step.goal)} <small>{step.minutes:g} "
        "min</small></h3>"
        f"<p>{as_html(step.text)}</p><p><b>Ask:</b> {escape(step.question)}</p><ol type=a>{choices}</ol>"
        f"<p><b>Hint:</b> {escape(step.hint)}</p><p><b>Expected:</b> {as_html(found.told)}</p>{figures}"
        f"<p><b>Sentence:</b> {escape(step.takeaway)}</p><p><small>{as_html(found.conditions)} Link: "
        f"/lessons?lesson={lesson.number}&amp;step={number}</small></p></section>"
    )


def as_html(text: str) -> str:
    """Text with ``**bold**`` and code in backticks as HTML."""
    bold = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", escape(text, quote=False))
    return re.sub(r"`(.+?)`", r"<code>\1</code>", bold)
