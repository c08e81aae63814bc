"""``python -m robust_core lessons``: the lessons of the dashboard, and the teacher's sheet of them."""

import argparse
from pathlib import Path

from robust_core import files
from robust_core.commands import options, output


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of ``lessons``."""
    what = "compute the teacher's sheet: timing, questions, expected numbers, as one HTML file"
    parser.add_argument("--sheet", action="store_true", help=what)
    parser.add_argument("--lesson", type=int, metavar="N", help="only this lesson, by its number")
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        default=Path("teachers-sheet.html"),
        help="where the sheet goes (default: teachers-sheet.html)",
    )
    options.add_json(parser)


def run(args: argparse.Namespace) -> None:
    """List the lessons, or write the sheet."""
    from robust_core.words.lessons import LESSONS
    from robust_core.words.lessons.sheet import sheet

    chosen = [lesson for lesson in LESSONS if args.lesson in (None, lesson.number)]
    if not chosen:
        raise ValueError(f"--lesson must be 1 to {len(LESSONS)}; got {args.lesson}")
    listed = {
        "lessons": [
            {
                "number": lesson.number,
                "title": lesson.title,
                "steps": [step.goal for step in lesson.steps],
                "minutes": sum(step.minutes for step in lesson.steps),
            }
            for lesson in chosen
        ]
    }
    if args.sheet:
        files.write_text(args.out, sheet(chosen))
        output.emit(listed | {"out": str(args.out)}, args.json, f"Written: {args.out}")
        return
    lines = []
    for lesson in chosen:
        lines.append(f"{lesson.number}. {lesson.title}")
        lines += [f"   {k}. {step.goal}" for k, step in enumerate(lesson.steps, 1)]
    output.emit(listed, args.json, "\n".join(lines))
