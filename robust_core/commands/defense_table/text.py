"""What ``evaluate --suite defenses`` prints for people: one table for each part."""

from collections.abc import Callable, Sequence

from robust_core.commands import output
from robust_core.words.numbers import exact_share


def tables_text(value: dict, asked: Sequence[str]) -> str:
    """The tables of the parts that were asked for, as far as they have rows."""
    parts = {name: value["parts"][name]["rows"] for name in asked if name in value["parts"]}
    tables = [f"{name}: {FORMS[name][0]}\n{FORMS[name][1](rows)}" for name, rows in parts.items()]
    head = f"{value['model']} on {value['data']}"
    return "\n\n".join([head, *tables]) if tables else f"{head}: nothing could be made"


def _by_subject(rows: list[dict]) -> dict[str, list[dict]]:
    groups: dict[str, list[dict]] = {}
    for row in rows:
        groups.setdefault(row["title"], []).append(row)
    return groups


def _cells(rows: list[dict]) -> str:
    """A line for each subject, a column for each attacker and attack."""
    heads = list(dict.fromkeys(map(_attacker, rows)))
    lines = []
    for title, group in _by_subject(rows).items():
        found = {_attacker(row): row for row in group}
        shares = [_share(found.get(head)) for head in heads]
        lines.append([title, str(group[0]["n"]), *shares])
    return output.table(["defence", "pictures", *heads], lines)


def _curves(rows: list[dict]) -> str:
    """A line for each subject and attacker, a column for each eps."""
    radii = sorted({row["eps"] for row in rows})
    heads = ["defence", "attacker", "pictures", *(f"{eps:.3g}" for eps in radii)]
    lines = []
    for title, group in _by_subject(rows).items():
        clean = [row for row in group if row["threat"] == "clean"]
        for threat in dict.fromkeys(row["threat"] for row in group if row["threat"] != "clean"):
            found = {row["eps"]: row for row in group if row["threat"] == threat}
            found |= {row["eps"]: row for row in clean}
            shares = [_share(found.get(eps)) for eps in radii]
            lines.append([title, threat, str(group[0]["n"]), *shares])
    return output.table(heads, lines)


def _certified(rows: list[dict]) -> str:
    radii = (0, 0.05, 0.1, 0.25, 0.5, 0.75)
    heads = ["defence", "pictures", "draws", "abstains", *(f"{r:g}" for r in radii)]
    lines = []
    for row in rows:
        reached = [sum(one >= r for one in row["radii"]) / row["n"] for r in radii]
        abstains = exact_share(row["abstained"] / row["n"])
        shares = [exact_share(share) for share in reached]
        lines.append([row["title"], str(row["n"]), str(row["draws"]), abstains, *shares])
    return output.table(heads, lines)


def _masking(rows: list[dict]) -> str:
    heads = ["defence", "pictures", *(one["name"] for one in rows[0]["findings"])]
    lines = []
    for row in rows:
        signs = ["SIGN" if one["suspicious"] else "-" for one in row["findings"]]
        lines.append([row["title"], str(row["right"]), *signs])
    return output.table(heads, lines)


def _flags(rows: list[dict]) -> str:
    heads = ["defence", "pictures", *(one["name"] for one in rows[0]["flags"])]
    words = {True: "FLAG", False: "-", None: "?"}
    lines = [
        [row["title"], str(row["n"]), *(words[one["raised"]] for one in row["flags"])]
        for row in rows
    ]
    return output.table(heads, lines)


def _cost(rows: list[dict]) -> str:
    heads = ["defence", "batch", "in a batch", "alone"]
    lines = [
        [
            row["title"],
            str(row["batch"]),
            f"{row['milliseconds']:.2f} ms",
            f"{row['milliseconds_alone']:.2f} ms",
        ]
        for row in rows
    ]
    return output.table(heads, lines)


def _attacker(row: dict) -> str:
    return f"{row['threat']} {row['asked']}" if row["asked"] else row["threat"]


def _share(row: dict | None) -> str:
    return exact_share(row["correct"] / row["n"] if row else None)


FORMS: dict[str, tuple[str, Callable[[list[dict]], str]]] = {
    "accuracy": ("right at one radius; naive: by the plain softmax cross-entropy", _cells),
    "curves": ("right against eps, PGD", _curves),
    "jpeg": ("right against eps, PGD, by quality", _curves),
    "distillation": ("right, by what is differentiated", _cells),
    "auto": ("right against the ensemble at that radius", _cells),
    "certified": ("right and certified, by L2 radius", _certified),
    "masking": ("signs of masked gradients", _masking),
    "flags": ("run-time flags of the deployed model; ?: cannot be told", _flags),
    "cost": ("time of a prediction", _cost),
}
"""The heading of each table, and what makes it."""
