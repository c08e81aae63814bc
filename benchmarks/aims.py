"""The report of ``dashboard.py`` for people: a line for each measurement, and whether its aim is met."""

from collections.abc import Callable

Aim = tuple[str, str, float]
"""In words, the figure of the page that it is about, and the limit below which that must be."""


def over_bare(seconds: float) -> Callable[[dict, dict], Aim]:
    """The median is at most so much above the bare page's."""
    return lambda both, _: (
        f"p50 < bare + {seconds:g} s",
        "p50",
        both["bare"]["p50"] + seconds,
    )


def within(seconds: float, figure: str = "p50") -> Callable[[dict, dict], Aim]:
    return lambda *_: (f"{figure} < {seconds:g} s", figure, seconds)


def times_import(factor: float) -> Callable[[dict, dict], Aim]:
    """The median is at most so many times that of importing torch and streamlit, in the same run."""

    def aim(both: dict, report: dict) -> Aim:
        limit = factor * report["import_seconds"]["p50"]
        return f"p50 < {factor:g} x import = {limit:.2f} s", "p50", limit

    return aim


AIMS = {
    "first sight, cold server": within(1.0),
    "first visit, cold server": times_import(1.5),
    "first visit, warm server": within(2.5),
    "eps, kept result": over_bare(0.100),
    "eps, new result": over_bare(0.100),
    "eps at 128 px, FGSM, new result": over_bare(0.150),
    "eps at 128 px, PGD-20, new result": within(2.0),
    "16 sessions, any setting": within(3.0, "p95"),
    "16 sessions at 128 px": within(6.0, "p95"),
}
AIM_GROWTH = 100
"""MB over the reruns of one session."""
WIDE = 34


def table(report: dict) -> str:
    """The report for people."""
    rows = [f"{'seconds':{WIDE}}" + f"{'p50':>10}{'p95':>8}{'CPU':>8}" * 2 + f"{'errors':>8}  aim"]
    rows.insert(0, " " * WIDE + f"{'page':>10}{'bare page':>26}")
    lines = dict(report["seconds"])
    lines |= {f"{n} sessions, any setting": both for n, both in report.get("load", {}).items()}
    lines |= {f"{n} sessions at 128 px": both for n, both in report.get("load_128", {}).items()}
    rows += [_row(name, both, _aim(name, both, report)) for name, both in lines.items()]
    if "import_seconds" in report:
        alone = report["import_seconds"]
        rows.append(f"import torch, streamlit: p50 {alone['p50']:.3f} of {alone['n']}")
    if "memory_mb" in report:
        rows += _memory(report["memory_mb"])
    return "\n".join(rows)


def _memory(held: dict) -> list[str]:
    growth = held["after_reruns"] - held["first_session"]
    return [
        f"memory, MB: idle {held['idle']:.0f}, first session {held['first_session']:.0f}, after "
        f"{held['reruns']} reruns {held['after_reruns']:.0f}, "
        f"after the sessions above {held['after_load']:.0f}",
        f"growth {growth:+.0f} MB, aim < {AIM_GROWTH}: {_met(growth, AIM_GROWTH)}",
    ]


def _row(name: str, both: dict, aim: str) -> str:
    cells = [f"{name:{WIDE}}"]
    for who in ("page", "bare"):
        for figure, space in (("p50", 10), ("p95", 8), ("cpu", 8)):
            value = both[who].get(figure)
            cells.append(f"{value:{space}.3f}" if value is not None else " " * space)
    errors = sum(len(both[who]["errors"]) for who in ("page", "bare"))
    return "".join(cells) + f"{errors:8}  {aim}"


def _aim(name: str, both: dict, report: dict) -> str:
    if name not in AIMS:
        return ""
    told, figure, limit = AIMS[name](both, report)
    return f"{told}: {_met(both['page'].get(figure), limit)}"


def _met(value: float | None, aim: float) -> str:
    return "met" if value is not None and value < aim else "MISSED"
