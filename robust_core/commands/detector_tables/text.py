"""What ``evaluate-detectors`` prints for people: one table for each part."""

from collections.abc import Callable

from robust_core.commands import output
from robust_core.words.numbers import exact_share, number


def text(part: str, table: dict) -> str:
    """The table of a part, below a line that says what it is."""
    head, make = FORMS[part]
    return f"{part}: {head} ({table['n']} test pictures)\n{make(table)}"


def _rows(table: dict) -> str:
    heads = ["detector", "accuracy", "detectability", "8 bits", "AUC", "false", "found"]
    lines = [
        [
            row["detector"],
            exact_share(row["floats"]["top1_adversarial"]),
            *(exact_share(row[form]["detectability"]) for form in ("floats", "eight_bit")),
            number(row["floats"]["auc"]),
            *(exact_share(row["at_threshold"][f"{k}_positives"]) for k in ("false", "true")),
        ]
        for row in table["rows"]
    ]
    return output.table(heads, lines)


def _unseen(table: dict) -> str:
    heads = ["detector", "attack", "eps", "successful", "detectability", "AUC", "false", "found"]
    lines = [
        [
            *(row["detector"], row["attack"], number(row["eps"]), str(row["n_adversarial"])),
            *(exact_share(row["detectability"]), number(row["auc"])),
            *(exact_share(row["at_threshold"][f"{k}_positives"]) for k in ("false", "true")),
        ]
        for row in table["rows"]
    ]
    return output.table(heads, lines)


def _matrix(names: list[str], matrix: list[list[dict]]) -> str:
    """Rows are what a detector was fitted to, columns what it is tested on."""
    lines = [
        [name, *(exact_share(cell["detectability"]) for cell in row)]
        for name, row in zip(names, matrix, strict=True)
    ]
    return output.table(["fit / test", *names], lines)


def _eps(table: dict) -> str:
    each = {name: one for name, one in table.items() if isinstance(one, dict)}
    return "\n".join(
        f"{name}\n{_matrix([number(e) for e in one['eps']], one['matrix'])}"
        for name, one in each.items()
    )


def _transfer(table: dict) -> str:
    names = [
        one["adversary"] + (f" {one['eps']:.3g}" if one["eps"] is not None else "")
        for one in table["adversaries"]
    ]
    return _matrix(names, table["matrix"])


def _several(table: dict) -> str:
    heads = ["adversary", "eps", "successful", "own", "one for all", "own 8 bits", "all 8 bits"]
    lines = [
        [
            *(row["adversary"], number(row["eps"])),
            str(row["own"]["floats"]["n_adversarial"]),
            *(
                exact_share(row[kind][form]["detectability"])
                for form in ("floats", "eight_bit")
                for kind in ("own", "several")
            ),
        ]
        for row in table["rows"]
    ]
    return output.table(heads, lines)


def _sigma(table: dict) -> str:
    kinds = list(table["detectors"])
    lines = [
        [
            f"{sigma:.1f}",
            *(exact_share(table["detectors"][kind]["rows"][i]["detectability"]) for kind in kinds),
        ]
        for i, sigma in enumerate(table["sigmas"])
    ]
    return output.table(["sigma", *kinds], lines)


def _full_knowledge(table: dict) -> str:
    heads = ["detector", "attack", "eps", "pictures", "classifier", "both", "8 bits", "mean L2"]
    lines = [
        [
            *(row["detector"], row["attack"], number(row["eps"]), str(row["of"])),
            *(exact_share(row[f"fools_{k}"]) for k in ("classifier", "both", "both_8bit")),
            number(row["mean_l2"]),
        ]
        for row in table["rows"]
    ]
    return output.table(heads, lines)


def _roc(table: dict) -> str:
    lines = [
        [
            *(row["detector"], row["adversary"], number(row["eps"])),
            *(str(row["n_adversarial"]), number(row["auc"])),
        ]
        for row in table["rows"]
    ]
    return output.table(["detector", "adversary", "eps", "successful", "AUC"], lines)


def _reject(table: dict) -> str:
    from robust_core.evaluation.detector_tables.reject import curves

    heads = ["detector", "threshold", "flagged go to", "attacker", "clean right", "harm"]
    lines = []
    for row in table["rows"]:
        place = row["thresholds"].index(row["threshold"]) + 1  # before them stands minus infinity
        for second in (None, *row.get("second", ())):
            for kind, policy in curves(row, second).items():
                at, tau = policy.at(place), number(row["threshold"])
                shares = (exact_share(at["clean_accuracy"]), exact_share(at["harm"]))
                lines.append([row["detector"], tau, second or "nobody", kind, *shares])
    return output.table(heads, lines)


FORMS: dict[str, tuple[str, Callable[[dict], str]]] = {
    "adversaries": ("each detector against its own adversary", _rows),
    "depth": ("the same by attachment point", _rows),
    "eps": ("detectability, fit at one eps and tested at another", _eps),
    "transfer": ("detectability, fit to one adversary and tested on another", _transfer),
    "several": ("detectability, by the detector of one adversary and by the one for all", _several),
    "sigma": ("detectability of the dynamic adversary", _sigma),
    "full_knowledge": ("shares of right and unflagged pictures that fool", _full_knowledge),
    "unseen": ("attacks that a detector was not made for, at most", _unseen),
    "roc": ("area under the curve", _roc),
    "reject": ("what becomes of the flagged at the calibrated threshold", _reject),
}
"""What stands above each table, and what makes it."""
