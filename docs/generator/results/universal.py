"""Universal perturbations and patches on pictures that they were not fitted to."""

from docs.generator.markdown import percent, table
from robust_core import zoo
from robust_core.evaluation.universal import results
from robust_core.evaluation.universal.results import Row

TITLES = {
    "fooling": "Three seeds of each attack, and of random signs of the same size",
    "photographs": "Photographs",
    "eps": "By radius",
    "sizes": "By the number of pictures fitted to",
    "transfer": "Fitted to the undefended network, tested on every stored one",
}


def tables() -> str:
    """A table for each part that was made; the command that makes them where there is none."""
    found = [_perturbations(part) for part in TITLES if results.rows(part)]
    if results.rows("patches"):
        found.append(_patches())
    made = "\n\n".join(found) or "Not measured yet."
    return f"{made}\n\nMade by `{results.COMMAND}`; each fit is to the first training pictures."


def _perturbations(part: str) -> str:
    heads = {"network": "l", "attack": "l", "eps": "r", "seed": "r", "fitted to": "r"}
    heads |= {"test pictures": "r", "fooled": "r", "right, clean": "r", "right": "r"}
    heads |= {"most fooled go to": "l"}
    return f"**{TITLES[part]}**\n\n{table(heads, map(_line, results.rows(part)))}"


def _line(row: Row) -> tuple:
    names = zoo.describe(row["model"]).class_names
    most = (f"{names[label]} {percent(n / row['fooled'], 0)}" for label, n in row["dominant"][:2])
    return (
        f"`{row['model']}`",
        "random signs" if row["attack"] == "noise" else f"`{row['attack']}`",
        f"{255 * row['eps']:g}/255",
        row["seed"],
        "" if row["attack"] == "noise" else f"{row['n_fit']:,}",
        f"{row['n']:,}",
        percent(row["rate"], 1),
        percent(row["clean_correct"] / row["n"], 1),
        percent(row["correct"] / row["n"], 1),
        ", ".join(most),
    )


def _patches() -> str:
    rows = results.rows("patches")
    areas = [one["area"] for one in rows[0]["curve"]]
    heads = {"network": "l", "patch": "l", "target": "l", "placements": "r", "fitted area": "r"}
    heads |= {"reached": "r"} | {f"at {100 * area:g} %": "r" for area in areas}
    lines = (
        (
            f"`{row['model']}`",
            {"fitted": "fitted", "noise": "random noise", "object": "a real object"}[row["what"]],
            zoo.describe(row["model"]).class_names[row["target"]],
            f"{row['n']:,}",
            percent(row["area"], 1),
            percent(row["rate"], 1),
            *(percent(one["rate"], 1) for one in row["curve"]),
        )
        for row in rows
    )
    return (
        "**Patches**: share of test pictures of other classes that the network takes for the target, each "
        "with the patch at a random place and turned by up to 20 degrees, by the share of the area that it "
        f"covers\n\n{table(heads, lines)}"
    )
