"""Against other libraries: as strong or not, and how much slower."""

from docs.generator.markdown import number, percent, table
from docs.generator.results.files import machine, result


def tables() -> str:
    """Strength and speed of the minimum-norm attacks, then speed of the gradient attacks."""
    return f"{strength()}\n\n{speed()}"


def strength() -> str:
    """One row for each attack, batch and library."""
    report = result("benchmark-minimum-norm")
    intro = (
        f"Minimum-norm attacks on **{report['model']}**, {report['data']}; {machine(report)}. All "
        "libraries get the same model and pictures. Carlini-Wagner in L2 runs 3 searches of 80 steps "
        "here; a peer gets the better of that and 5 searches of 100. A peer is as strong where its "
        "success is within half a point of ours and its mean distance within 2 %. Passes and time are "
        "per picture. Made by `python benchmarks/minimum_norm.py`."
    )
    heads = {
        **{"attack": "l", "batch": "r", "library": "l", "n": "r", "success": "r", "mean": "r"},
        **{"median": "r", "forward": "r", "backward": "r", "ms": "r", "ours is faster by": "r"},
        **{"strength": "l"},
    }
    rows = (
        line
        for row in report["rows"]
        for line in (*(_library(row, one) for one in row["contestants"]), _floor(row))
    )
    return f"{intro}\n\n{table(heads, rows)}"


def _library(row: dict, contestant: dict) -> tuple:
    own = contestant["name"] == "ours"
    setting = contestant["setting"]
    name = contestant["name"] + (f" ({setting})" if setting else "")
    return (
        f"`{row['attack']}`",
        row["batch"],
        "**ours**" if own else name,
        contestant["pictures"],
        percent(contestant["success"]),
        number(contestant["mean"]),
        number(contestant["median"]),
        number(contestant["forwards"], ".1f"),
        number(contestant["backwards"], ".1f"),
        number(contestant["ms"], ".1f"),
        None if own else f"{1 / contestant['ours_over']:.1f} x",
        None if own else contestant["strength"],
    )


def _floor(row: dict) -> tuple:
    floor = row["floor"]
    return (
        f"`{row['attack']}`",
        row["batch"],
        "*floor: bare passes*",
        row["pictures"],
        *(None, None, None),
        number(floor["forwards"], ".1f"),
        number(floor["backwards"], ".1f"),
        number(floor["ms"], ".1f"),
        f"{1 / floor['ours_over']:.2f} x",
        None,
    )


def speed() -> str:
    """One row for each gradient attack and batch: time over the floor and over two libraries."""
    report = result("benchmark-attacks")
    intro = (
        "Time of the gradient attacks, divided by that of the bare passes and of other libraries at "
        f"the same settings: **{report['model']}**, {machine(report)}. Below 1 is faster. "
        "Made by `python benchmarks/attacks.py`."
    )
    heads = {"attack": "l", "batch": "r", "rounds": "r"}
    over = {
        "floor": "over the floor",
        "foolbox": "over foolbox",
        "torchattacks": "over torchattacks",
    }
    rows = (
        (
            f"`{row['attack']}`",
            row["batch"],
            row["rounds"],
            *(number(row["ours_over"].get(name), ".2f") for name in over),
        )
        for row in report["rows"]
    )
    return f"{intro}\n\n{table(heads | dict.fromkeys(over.values(), 'r'), rows)}"
