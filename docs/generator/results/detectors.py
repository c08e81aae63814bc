"""Adversary detectors: each against its own adversary, then against aware attackers."""

from docs.generator.markdown import number, percent, table
from docs.generator.results.files import detector_part, result, weights_and_device
from robust_core.evaluation.detector_tables import results
from robust_core.evaluation.detector_tables.results import MeasuredPart
from robust_core.evaluation.detector_tables.rows import (
    FullKnowledgeRow,
    FullKnowledgeTable,
    OwnAdversaryRow,
    OwnAdversaryTable,
    SigmaTable,
)
from robust_core.words.numbers import in_255ths


def tables() -> str:
    """Three tables of the usual classifier, and of each other its detectors on their own adversaries."""
    others = [model for model in results.models() if model != results.MODEL]
    return "\n\n".join(
        [
            own_adversary(result("detectors"), detector_part("adversaries")),
            dynamic_adversary(detector_part("sigma")),
            full_knowledge(detector_part("full_knowledge")),
            *(
                own_adversary(
                    result(results.file_of(model).stem), detector_part("adversaries", model)
                )
                for model in others
            ),
        ]
    )


def own_adversary(report: dict, part: MeasuredPart[OwnAdversaryTable]) -> str:
    """One row for each detector and the adversary that it was trained on."""
    intro = (
        f"Detectors of **{part.model}**, each against the adversary that it was trained on: the "
        f"first {part.value.n:,} pictures of {part.data}; {weights_and_device(report)}. Under "
        "attack: the classifier's accuracy. Detected and false alarms: at the calibrated threshold. "
        f"Made by `{part.command}`."
    )
    heads = {
        **{"detector": "l", "attack": "l", "steps": "r", "trained on": "r", "under attack": "r"},
        **{"successful": "r", "detectability": "r", "after 8 bits": "r", "detected": "r"},
        **{"false alarms": "r"},
    }
    rows = (
        (
            row.point,
            f"`{row.adversary}`{radius(row)}",
            row.parameters.get("steps"),
            f"{row.n_train:,}",
            percent(row.floats["top1_adversarial"]),
            f"{row.floats['n_adversarial']:,}",
            percent(row.floats["detectability"]),
            percent(row.eight_bit["detectability"]),
            percent(row.at_threshold["true_positives"]),
            percent(row.at_threshold["false_positives"]),
        )
        for row in part.value.rows
    )
    return f"{intro}\n\n{table(heads, rows)}"


def dynamic_adversary(part: MeasuredPart[SigmaTable]) -> str:
    """One row for each sigma: detectability of the static and of the dynamic detector."""
    kinds = part.value.detectors
    names = " and ".join(f"`{each.name}` ({kind})" for kind, each in kinds.items())
    intro = (
        f"The dynamic adversary (eps {in_255ths(part.value.eps)}, {part.value.steps} steps) knows the "
        f"detector that it attacks. Detectability of {names}; in brackets, how many of the first "
        f"{part.value.n:,} pictures still fool the classifier. Made by `{part.command}`."
    )
    heads = {"sigma": "r", **dict.fromkeys(kinds, "r")}
    rows = []
    for i, sigma in enumerate(part.value.sigmas):
        found = [each.rows[i] for each in kinds.values()]
        cells = [f"{percent(r['detectability']) or 'none'} ({r['n_adversarial']})" for r in found]
        rows.append((f"{sigma:.1f}", *cells))
    return f"{intro}\n\n{table(heads, rows)}"


def full_knowledge(part: MeasuredPart[FullKnowledgeTable]) -> str:
    """One row for each detector and attack on both networks at once."""
    intro = (
        "Attackers who know both networks. Of the pictures among the first "
        f"{part.value.n:,} that the classifier got right and the detector let pass: how many end up "
        f"fooling the classifier, and how many fool both. Made by `{part.command}`."
    )
    heads = {
        **{"detector": "l", "attack": "l", "steps": "r", "of": "r", "fools the classifier": "r"},
        **{"fools both": "r", "after 8 bits": "r", "mean L2": "r"},
    }
    rows = (
        (
            f"`{row.detector}`",
            f"`{row.attack}`{radius(row)}",
            row.steps or None,
            row.of,
            percent(row.fools_classifier),
            percent(row.fools_both),
            percent(row.fools_both_8bit),
            number(row.mean_l2, ".3f"),
        )
        for row in part.value.rows
    )
    return f"{intro}\n\n{table(heads, rows)}"


def radius(row: OwnAdversaryRow | FullKnowledgeRow) -> str:
    """The eps of an attack in 255ths, where it has one."""
    return "" if row.eps is None else f" {in_255ths(row.eps)}"
