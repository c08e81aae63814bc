"""What ``evaluate`` prints for people."""

from robust_core.commands import options, output
from robust_core.words.numbers import duration, exact_share, number


def text_of(value: dict) -> str:
    """A table of the rows of one attack, headed by the attack, the model and the pictures."""
    parameters = ", ".join(f"{k} {v}" for k, v in value["parameters"].items() if v is not None)
    wanted = ", ".join(f"{k} {v}" for k, v in value["goal_parameters"].items())
    five = _has_more_than_five_classes(value["model"])
    top5 = ["top-5"] if five else []
    heads = ["eps", "top-1", *top5, "top-1, 8 bits", "success", "mean L2", "mean Linf", "time"]
    rows = [
        [
            number(row["eps"]),
            exact_share(row["top1"]),
            *([exact_share(row["top5"])] if five else []),
            exact_share(row["top1_8bit"]),
            exact_share(row["success_rate"]),
            number(row["mean_l2"]),
            number(row["mean_linf"]),
            duration(row["seconds"]),
        ]
        for row in value["rows"]
    ]
    return "\n".join(
        [
            f"{value['attack']} ({value['norm']}{', ' + parameters if parameters else ''}) on "
            f"{value['model']}, {value['n']} pictures of {value['data']}"
            + (" that it gets right" if value.get("correct_only") else "")
            + f", {value['device']}",
            *_behind(value),
            f"goal: {value['goal']}" + (f" ({wanted})" if wanted else ""),
            f"clean: top-1 {exact_share(value['clean_top1'])}"
            + (f", top-5 {exact_share(value['clean_top5'])}" if five else ""),
            output.table(heads, rows),
            f"{' and '.join(['top-1', *top5])} over all pictures; success: reached the goal / initially "
            "correct, of those that the goal applies to; means over those that reached it.",
            *_about_detector(value),
            *_about_draws(value),
            *_about_eps(value),
            *_about_flags(value),
            *value["notices"],
        ]
    )


def _has_more_than_five_classes(model: str) -> bool:
    """Whether the label among the first five says anything."""
    from robust_core import zoo

    return len(zoo.describe(model).class_names) > 5


def _about_detector(value: dict) -> list[str]:
    """How much a detector flags; nothing where none was asked."""
    if not value.get("detector"):
        return []
    told = [
        ("" if row["eps"] is None else f"eps {number(row['eps'])}: ") + exact_share(row["flagged"])
        for row in value["rows"]
    ]
    return [
        f"detector {value['detector']['name']} flags {exact_share(value['clean_flagged'])} of the "
        "clean pictures, "
        f"and of those that reached the goal {'; '.join(told)}."
    ]


def _about_draws(value: dict) -> list[str]:
    """How far the draws of a random model disagree; nothing for one that is not random."""
    n = value["fresh_draws"]
    if n is None:
        return []
    rows = [("clean: top-1", value["clean_top1_interval"])]
    for row in value["rows"]:
        at = "" if row["eps"] is None else f"eps {number(row['eps'])}: "
        rows += [
            (f"{at}top-1", row["top1_interval"]),
            (f"{at}success", row["success_rate_interval"]),
        ]
    told = [f"{what} {' to '.join(map(exact_share, ends))}" for what, ends in rows if ends]
    drawn = "one fresh draw" if n == 1 else f"{n} fresh draws"
    return [
        f"The model is random: all shares are means over {drawn}, none of them the attacker's. "
        f"95 % intervals over draws: {'; '.join(told)}."
    ]


def _about_flags(value: dict) -> list[str]:
    """What was checked, and a line for each flag that is raised, unless it is among the notices."""
    flags = value["flags"]
    names = ", ".join(flag["name"] for flag in flags)
    raised = [flag for flag in flags if flag["raised"]]
    if not raised:
        return [f"flags: none of {names}"]
    head = f"flags: {', '.join(flag['name'] for flag in raised)} (of {names})"
    return [head, *(f["sentence"] for f in raised if f["sentence"] not in value["notices"])]


def _behind(value: dict) -> list[str]:
    """A line on the defence, where there is one, and on its attacker."""
    defense = value.get("defense")
    if not defense:
        return []
    fields = ", ".join(f"{k} {v}" for k, v in defense["parameters"].items())
    kind = "aware" if value["adaptive"] else "unaware"
    return [
        f"behind: {defense['name']}{f' ({fields})' if fields else ''}; the attacker is {kind} of it"
        f"{_otherwise(value)}"
    ]


def _otherwise(value: dict) -> str:
    """What the attacker runs, where that is not what was asked for, and the model it is run on."""
    run = value["run"]
    on = f"; pictures made on {run['made_on']}"
    if (run["attack"], run["parameters"]) == (value["attack"], value["parameters"]):
        return on
    settings = ", ".join(f"{k} {v}" for k, v in run["parameters"].items() if v is not None)
    return f" and runs {run['attack']}{f' ({settings})' if settings else ''}{on}"


def _about_eps(value: dict) -> list[str]:
    if value["rows"][0]["eps"] is None or options.has(value["attack"], "eps"):
        return []
    return [
        f"{value['attack']} has no eps: the given one, in {value['norm']}, only decides what is a success."
    ]
