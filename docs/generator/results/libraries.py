"""Against other libraries: as strong or not, and how much slower."""

from docs.generator.markdown import number, percent, table
from docs.generator.results.files import machine, result


def tables() -> str:
    """Strength and speed of minimum-norm attacks, their choices, speed of gradient attacks, bounds."""
    return f"{strength()}\n\n{choices()}\n\n{speed()}\n\n{bounds()}"


def strength() -> str:
    """One row for each attack, batch and library."""
    report = result("benchmark-minimum-norm")
    cpus = dict.fromkeys(row["cpu"] for row in report["rows"])
    where = report | {"machine": report["machine"] | {"cpu": " or ".join(cpus)}}
    intro = (
        f"Minimum-norm attacks on **{report['model']}**, {report['data']}; {machine(where)}. All "
        "libraries get the same model and pictures. Carlini-Wagner in L2 runs 3 searches of 80 steps "
        "here; a peer gets the better of that and 5 searches of 100. A peer is as strong where its "
        "success is within half a point of ours and its mean distance within 2 %. Passes and time are "
        "per picture; times by processor seconds are marked CPU. Made by "
        "`python benchmarks/minimum_norm.py`."
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
        _milliseconds(row, contestant["ms"]),
        None if own else f"{1 / contestant['ours_over']:.2f} x",
        None if own else contestant["strength"],
    )


def _milliseconds(row: dict, value: float) -> str:
    return number(value, ".1f") + (" CPU" if row.get("clock") == "CPU" else "")


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
        _milliseconds(row, floor["ms"]),
        f"{1 / floor['ours_over']:.2f} x",
        None,
    )


def choices() -> str:
    """One row for each way that an attack did not take, and a sentence on the third part of ``auto``."""
    report = result("benchmark-choices")
    intro = (
        "The attacks' design choices against the alternatives: mean distance, where both succeed, and "
        "forward passes, divided by those of the default. First pictures of the CIFAR-10 test set that "
        "the network "
        "gets right. Made by `python benchmarks/choices.py`."
    )
    heads = {"attack": "l", "with": "l", "network": "l", "n": "r"}
    heads |= {"success": "r", "by default": "r", "distance": "r", "passes": "r"}
    rows = (
        (
            f"`{row['attack']}`",
            row["changed"],
            f"`{row['model']}`",
            row["n"],
            percent(row["success"]),
            percent(row["success_of_default"]),
            number(row["distance_ratio"], ".3f"),
            number(row["passes_ratio"], ".2f"),
        )
        for row in report["ways"]
    )
    told = "; ".join(
        f"`{row['attack']}` {row['alone']} of {row['n']} alone in {row['passes']:.0f} forward passes a "
        f"picture, {row['after']} of the {row['left']} that withstand the parts before"
        for row in report["third"]
    )
    where = report["third"][0]
    return (
        f"{intro}\n\n{table(heads, rows)}\n\nIn the third place of `auto`, on `{where['model']}` at "
        f"{255 * where['eps']:g}/255 in Linf: {told}."
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


def bounds() -> str:
    """One row for each network and radius: our bounds beside another library's; time; the search."""
    report = result("benchmark-verification")
    intro = (
        "Lower bounds of the margins (Linf, the first n test pictures) beside those of "
        "bound-propagation, in float64: largest differences of IBP and of CROWN alone, and how far CROWN "
        "intersected with IBP is ahead of and behind its own. Tighter and looser: the share of margins "
        "for which `verify` gives more, and less, than CROWN alone; lost: pictures that only the latter "
        "proves. The last two must be 0. "
        f"{machine(report)}. Made by `python benchmarks/verification.py`."
    )
    heads = {"model": "l", "eps": "r", "n": "r", "IBP": "r", "CROWN alone": "r", "ahead": "r"}
    heads |= dict.fromkeys(("behind", "tighter", "looser", "lost"), "r")
    rows = (
        (
            f"`{row['model']}`",
            _radius(row),
            row["pictures"],
            *(number(row[name], ".0e") for name in ("ibp", "alone", "ahead", "behind")),
            percent(row["tighter"], 1),
            percent(row["looser"], 1),
            row["lost"],
        )
        for row in report["oracle"]
    )
    return f"{intro}\n\n{table(heads, rows)}\n\n{_time(report)}\n\n{_search(report['search'])}"


def _radius(row: dict) -> str:
    """In 255ths for CIFAR-10, as papers give it."""
    return f"{255 * row['eps']:g}/255" if row["model"].startswith("cifar10") else number(row["eps"])


def _time(report: dict) -> str:
    lines = "\n".join(
        f"- {line['what']}: {number(line['median'])} s, aim {line['aim']:g} s (median of {line['n']}, "
        f"largest {number(line['largest'])} s; {line['about']})"
        for line in report["speed"]["lines"]
    )
    ratios = "; ".join(
        f"`{row['model']}` at {_radius(row)}, n {row['n']}: IBP {row['over_peer']['ibp']:.2f}, "
        f"CROWN {row['over_peer']['crown']:.2f}"
        for row in report["speed"]["over_peer"]
    )
    return (
        f"Processor time:\n\n{lines}\n\nOurs over bound-propagation's time, on the same pictures, label "
        f"by label ({ratios}); it knows no convolutions and gets them as matrices."
    )


def _search(found: dict) -> str:
    control, by_attack = found["control"], found["attacked_by_attack"]
    proved = sum(found["proved_pictures"].values())
    return (
        f"A random search with {len(by_attack)} attacks over networks, radii, methods and seeds "
        f"({found['trials']} trials, seed {found['seed']}): {proved} pictures proved, attacked "
        f"{sum(by_attack.values())} times, {len(found['broken'])} broken; of those not proved, "
        f"{control['broken']} of {control['attacked']} attacks succeeded."
    )
