"""What ``evaluate-detectors`` prints for people: one table for each part."""

from typing import TYPE_CHECKING

from robust_core.commands import output
from robust_core.words.numbers import exact_share, number

if TYPE_CHECKING:
    from robust_core.evaluation.detector_tables import rows as kinds


def _attack(row: "kinds.FullKnowledgeRow | kinds.UnseenRow") -> list[str]:
    return [row.detector, row.attack, number(row.eps)]


FOUND = ["AUC", "false", "found"]


def _found(row: "kinds.OwnAdversaryRow | kinds.UnseenRow") -> list[str]:
    """The cells below ``FOUND``: over all thresholds, and at the calibrated one."""
    return [
        number(row.floats["auc"]),
        exact_share(row.at_threshold["false_positives"]),
        exact_share(row.at_threshold["true_positives"]),
    ]


def rows(table: "kinds.OwnAdversaryTable") -> str:
    heads = ["detector", "accuracy", "detectability", "8 bits", *FOUND]
    lines = [
        [
            row.detector,
            exact_share(row.floats["top1_adversarial"]),
            exact_share(row.floats["detectability"]),
            exact_share(row.eight_bit["detectability"]),
            *_found(row),
        ]
        for row in table.rows
    ]
    return output.table(heads, lines)


def unseen(table: "kinds.UnseenTable") -> str:
    heads = ["detector", "attack", "eps", "successful", "detectability", *FOUND]
    lines = [
        [
            *_attack(row),
            str(row.floats["n_adversarial"]),
            exact_share(row.floats["detectability"]),
            *_found(row),
        ]
        for row in table.rows
    ]
    return output.table(heads, lines)


def _matrix(names: list[str], matrix: "kinds.Matrix") -> str:
    """Rows are what a detector was fitted to, columns what it is tested on."""
    lines = [
        [name, *(exact_share(cell["detectability"]) for cell in row)]
        for name, row in zip(names, matrix, strict=True)
    ]
    return output.table(["fit / test", *names], lines)


def eps(table: "kinds.EpsTable") -> str:
    return "\n".join(
        f"{name}\n{_matrix([number(e) for e in one.eps], one.matrix)}"
        for name, one in table.adversaries.items()
    )


def transfer(table: "kinds.TransferTable") -> str:
    names = [
        one.adversary + (f" {one.eps:.3g}" if one.eps is not None else "")
        for one in table.adversaries
    ]
    return _matrix(names, table.matrix)


def several(table: "kinds.SharedTable") -> str:
    heads = ["adversary", "eps", "successful", "own", "one for all", "own 8 bits", "all 8 bits"]
    lines = [
        [
            row.adversary,
            number(row.eps),
            str(row.own.floats["n_adversarial"]),
            exact_share(row.own.floats["detectability"]),
            exact_share(row.several.floats["detectability"]),
            exact_share(row.own.eight_bit["detectability"]),
            exact_share(row.several.eight_bit["detectability"]),
        ]
        for row in table.rows
    ]
    return output.table(heads, lines)


def sigma(table: "kinds.SigmaTable") -> str:
    kinds = list(table.detectors)
    lines = [
        [
            f"{sigma:.1f}",
            *(exact_share(table.detectors[kind].rows[i]["detectability"]) for kind in kinds),
        ]
        for i, sigma in enumerate(table.sigmas)
    ]
    return output.table(["sigma", *kinds], lines)


def full_knowledge(table: "kinds.FullKnowledgeTable") -> str:
    heads = ["detector", "attack", "eps", "pictures", "classifier", "both", "8 bits", "mean L2"]
    lines = [
        [
            *_attack(row),
            str(row.of),
            exact_share(row.fools_classifier),
            exact_share(row.fools_both),
            exact_share(row.fools_both_8bit),
            number(row.mean_l2),
        ]
        for row in table.rows
    ]
    return output.table(heads, lines)


def roc(table: "kinds.RocTable") -> str:
    lines = [
        [
            row.detector,
            row.adversary,
            number(row.eps),
            str(row.n_adversarial),
            number(row.auc),
        ]
        for row in table.rows
    ]
    return output.table(["detector", "adversary", "eps", "successful", "AUC"], lines)


def reject(table: "kinds.RejectTable") -> str:
    from robust_core.evaluation.detector_tables.reject import curves

    heads = ["detector", "threshold", "flagged go to", "attacker", "clean right", "harm"]
    lines = []
    for row in table.rows:
        place = row.thresholds.index(row.threshold) + 1  # curves begin at minus infinity
        for second in (None, *row.second):
            for kind, policy in curves(row, second).items():
                at = policy.at(place)
                tau = number(row.threshold)
                shares = (exact_share(at["clean_accuracy"]), exact_share(at["harm"]))
                lines.append([row.detector, tau, second or "nobody", kind, *shares])
    return output.table(heads, lines)
