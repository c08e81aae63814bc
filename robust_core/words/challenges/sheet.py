"""The sheet of a challenge to hand in: one HTML file with everything in it, to print or to keep."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from robust_core.evaluation.challenges.judge import Verdict
from robust_core.evaluation.challenges.ladder import Challenge
from robust_core.words.challenges import markup, told
from robust_core.words.challenges.prose import PROSE, WAYS
from robust_core.words.lessons.sheet import as_html
from robust_core.words.numbers import share

CSS = """<style>
body { font: 11pt/1.45 system-ui, sans-serif; max-width: 48rem; margin: 2rem auto; padding: 0 1rem;
  color: #1B1B1B; background: #FFFFFF; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin: 1.3rem 0 0.3rem; } p { margin: 0.3rem 0; }
small { color: #555555; } table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
th, td { border: 1px solid #BBBBBB; padding: 0.2rem 0.45rem; text-align: left; vertical-align: top; }
.verdict { font-size: 1.25rem; font-weight: 700; border: 2px solid #1B1B1B; padding: 0.4rem 0.8rem; }
.columns { columns: 4; font-size: 0.85rem; } pre { white-space: pre-wrap; font-size: 0.85rem; }
img { print-color-adjust: exact; -webkit-print-color-adjust: exact; break-inside: avoid; }
a { overflow-wrap: anywhere; }
</style>"""


@dataclass(frozen=True)
class Try:
    """A verdict that was asked for, the share in [0, 1] that was predicted to stay right, and its link."""

    verdict: Verdict
    predicted: float | None = None
    link: str = ""
    after_giving_up: bool = False


def sheet(challenge: Challenge, tries: Sequence[Try], *, given_up: bool = False) -> str:
    """The sheet of the tries at one challenge, the newest of which is shown with its pictures.

    Raises ``ValueError`` where there is no try.
    """
    if not tries:
        raise ValueError("tries must hold at least one verdict; got none")
    last = tries[-1]
    title = f"Challenge {challenge.number}: {escape(challenge.title)}"
    before = [one for one in tries if one.verdict.success and not one.after_giving_up]
    ended = "Solved." if before else ("Given up." if given_up else "Open.")
    why = (
        f"<h2>What breaks it, or why nothing does</h2><p>{as_html(PROSE[challenge.number].why)}</p>"
        if before or given_up
        else ""
    )
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{title}</title><meta "
        "name=viewport "
        f"content='width=device-width'>{CSS}{markup.CSS}</head><body><h1>{title}</h1>"
        "<p>Name: ______________________________ &nbsp; Date: ____________________</p>"
        f"<p>{as_html(told.goal(challenge))}</p><p><small>{escape(told.rules())}</small></p>"
        f"<h2>Tries: {len(tries)}. {ended}</h2>{_tries(tries)}"
        f"<h2>The last verdict</h2>{_verdict(last)}{why}</body></html>"
    )


def _tries(tries: Sequence[Try]) -> str:
    rows = "".join(_row(number, one) for number, one in enumerate(tries, 1))
    heads = "".join(
        f"<th>{head}</th>"
        for head in ("", "Attack", "Gradient from", "Predicted", "Stay right", "Verdict")
    )
    return f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"


def _row(number: int, one: Try) -> str:
    verdict = one.verdict
    predicted = "" if one.predicted is None else share(one.predicted, 0)
    late = " (after giving up)" if one.after_giving_up else ""
    cells = (
        str(number),
        told.settings(verdict.attempt.attack),
        WAYS[verdict.attempt.way],
        predicted,
        told.with_interval(verdict.accuracy),
        told.verdict_word(verdict) + late,
    )
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>"


def _verdict(one: Try) -> str:
    verdict = one.verdict
    more = "".join(f"<p>{as_html(line)}</p>" for line in told.details(verdict))
    link = ""
    if one.link.startswith(("http://", "https://")):
        link = f"<p>Link: <a href='{escape(one.link)}'>{escape(one.link)}</a></p>"
    lines = "".join(f"<div>{escape(line)}</div>" for line in _predictions(verdict))
    fallen, held = markup.fallen(verdict), markup.held(verdict)
    return (
        f"<p "
        f"class=verdict>{escape(told.verdict_word(verdict))}</p><p>{as_html(told.result(verdict))}</p>{more}"
        f"<p><small>{escape(told.conditions(verdict))}</small></p>{link}"
        f"<h2>Pictures that fell: {int(verdict.fallen.sum())}</h2>{fallen or '<p>None.</p>'}"
        f"<h2>Pictures that held: {verdict.accuracy.count:g}</h2>{held or '<p>None.</p>'}"
        f"<h2>What the network said</h2><p><small>Number of the test picture: its class; the "
        "answer clean, then "
        f"under attack.</small></p><div class=columns>{lines}</div>"
        f"<h2>To compute it again</h2><pre>{escape(told.reproduce(verdict))}</pre>"
    )


def _predictions(verdict: Verdict) -> list[str]:
    names = verdict.challenge.record.class_names
    label, before, after = (
        [names[k] for k in each.tolist()]
        for each in (verdict.labels, verdict.before, verdict.after)
    )
    outside = ["" if inside else ", outside" for inside in verdict.inside.tolist()]
    proofs = [told.certificate(verdict, row) for row in range(verdict.n)]
    more = [
        far + (f"; {proof}" if proof else "") for far, proof in zip(outside, proofs, strict=True)
    ]
    return [
        f"{number}: {own}; {was}, {now}{end}"
        for number, own, was, now, end in zip(
            verdict.numbers, label, before, after, more, strict=True
        )
    ]
