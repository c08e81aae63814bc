"""Accuracy under attack, and the distance to the nearest adversarial picture."""

from docs.generator.markdown import number, percent, table
from docs.generator.results.files import result, weights_and_device
from robust_core.words.numbers import in_255ths

SUITES = ("cifar10", "digits", "gtsrb", "imagenette", "imagenette-pgd-at")
DISTANCES = "cifar10-distances"


def tables() -> str:
    """One table for each suite."""
    return "\n\n".join(map(suite, SUITES))


def suite(name: str) -> str:
    """One row for each attack and eps: clean accuracy beside the accuracy under attack."""
    report = result(name)
    intro = (
        f"**{report['model']}** on the {report['data']} test set; {weights_and_device(report)}. "
        f"Made by `python -m robust_core evaluate --suite {name}`."
    )
    heads = {
        **{"attack": "l", "norm": "l", "steps": "r", "eps": "r", "n": "r", "clean": "r"},
        **{"under attack": "r", "success": "r", "mean L2 of successes": "r"},
    }
    rows = (
        (
            f"`{part['attack']}`{_details(part['parameters'])}",
            part["norm"],
            part["parameters"].get("steps"),
            f"{row['eps']:.3g}" + ("" if part["norm"] == "l2" else f" ({in_255ths(row['eps'])})"),
            f"{part['n']:,}",
            percent(part["clean_top1"]),
            percent(row["top1"]),
            percent(row["success_rate"]),
            number(row["mean_l2"], ".3f"),
        )
        for part in report["results"]
        for row in part["rows"]
    )
    return f"{intro}\n\n{table(heads, rows)}"


def _details(parameters: dict) -> str:
    """What tells runs of one attack apart, where it is not the default."""
    loss = parameters.get("loss", "ce")
    restarts = parameters.get("restarts", 1)
    told = [f"{loss} loss"] * (loss != "ce") + [f"{restarts} restarts"] * (restarts > 1)
    return f" ({', '.join(told)})" if told else ""


def distances() -> str:
    """One row for each attack without an eps: how far it had to go, and what that cost."""
    report = result(DISTANCES)
    intro = (
        f"**{report['model']}** on the first {report['n']:,} pictures of the {report['data']} test "
        f"set that it gets right; {weights_and_device(report)}. L0 counts pixels. "
        f"Made by `python -m robust_core evaluate --suite {DISTANCES}`."
    )
    heads = {
        **{"attack": "l", "goal": "l", "steps": "r", "n": "r", "success": "r", "norm": "l"},
        **{"mean": "r", "median": "r", "forward passes": "r", "backward passes": "r"},
    }
    return f"{intro}\n\n{table(heads, map(_distance, report['results']))}"


def _distance(part: dict) -> tuple:
    (row,), norm = part["rows"], part["norm"]
    steps = part["parameters"]["steps"]
    searches = part["parameters"].get("search_steps")
    return (
        f"`{part['attack']}`",
        f"{part['goal_parameters'].get('target', '')} {part['goal']}".strip(),
        f"{searches} x {steps}" if searches else steps,
        f"{part['n']:,}",
        percent(row["success_rate"]),
        norm,
        number(row[f"mean_{norm}"]),
        number(row[f"median_{norm}"]),
        number(row["mean_queries"], ".1f"),
        number(row["mean_gradients"], ".1f"),
    )
