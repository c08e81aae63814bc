"""Lesson 3: detectors, and who knows them."""

from typing import Any

from robust_core import attacks, zoo
from robust_core.evaluation.detector_tables import results
from robust_core.experiment.detection import scores as written
from robust_core.progress import Progress
from robust_core.words.lessons import subjects
from robust_core.words.lessons.prose import Part, steps
from robust_core.words.lessons.step import Bar, Bars, Control, Found, Onward
from robust_core.words.numbers import exact_share, in_255ths, number, on_both_scales, share
from robust_core.words.verdict import said

DETECTOR, FITTED = "cifar10-resnet32-ad2-bim-2-255", 2 / 255
"""The detector, and the eps of the BIM that it was fitted to."""
EPS = {eps: in_255ths(eps) for eps in (FITTED / 2, FITTED, 2 * FITTED)}
HALF = 0.5
RARE = 1000
"""The question on flags: one picture in so many is adversarial."""


def measured(part: str) -> results.MeasuredPart[Any]:
    """A part of the committed tables. Raises ``ValueError`` where it is lacking, with how to make it."""
    found = results.part(part)
    if found.value is None:
        raise ValueError(found.lacking)
    return found


def one_picture(eps: float, progress: Progress | None) -> Found:
    """BIM on the photograph, and the detector's score before and after."""
    found = subjects.attacked(attacks.create("bim", eps=eps), progress, detector=DETECTOR)
    seen = found.detection
    assert seen is not None
    clean, after, limit = written(seen.clean, seen.adversarial, seen.threshold)
    flagged = f"The detector {'flags' if seen.flagged else 'does not flag'} it"
    return Found(
        right=0 if seen.flagged else 1,
        told=f"The classifier says {said(found.before[0])}, then {said(found.after[0])}. {flagged}: its "
        "score goes from "
        f"{clean} to {after}; it flags above {limit}.",
        conditions=f"{DETECTOR}, one photograph, BIM of 10 steps, unaware of the detector, eps "
        f"{on_both_scales(eps)} "
        "in Linf.",
        figures=(
            subjects.pictures(found),
            Bars(
                "Score of the detector",
                (
                    Bar("clean", seen.clean, clean, "clean"),
                    Bar("adversarial", seen.adversarial, after, "adversarial"),
                    Bar("flagged above", seen.threshold, limit, "detector"),
                ),
            ),
        ),
    )


def own_adversary(_: object, __: Progress | None) -> Found:
    """How often the detector finds the attack that it was fitted to, and at what false alarms."""
    part = measured("adversaries")
    row = next(row for row in part.value.rows if row.detector == DETECTOR)
    at = row.at_threshold
    found, alarms = at["true_positives"], at["false_positives"]
    return Found(
        right=0 if found < HALF else 1 if found < 0.9 else 2,
        told=f"It flags {share(found)} of the adversarial pictures, and {share(alarms)} of the clean "
        "ones, at its "
        f"threshold {number(row.threshold)}.",
        conditions=f"{DETECTOR} against BIM of eps {in_255ths(row.eps)} in Linf, unaware. "
        f"{part.conditions}",
        figures=(
            Bars(
                "Flagged",
                (
                    Bar("adversarial pictures", found, share(found), "adversarial"),
                    Bar("clean pictures", alarms, share(alarms), "clean"),
                ),
            ),
        ),
    )


def base_rate(rate: int, _: Progress | None) -> Found:
    """Of all flags, how many are right where adversarial pictures are rare."""
    part = measured("adversaries")
    row = next(row for row in part.value.rows if row.detector == DETECTOR)
    hit, alarm = row.at_threshold["true_positives"], row.at_threshold["false_positives"]
    rare = 1 / rate
    true, false = rare * hit, (1 - rare) * alarm
    right = true / (true + false)
    return Found(
        right=0 if right > 0.9 else 1 if right > HALF else 2,
        told=f"Of 10,000 pictures {10_000 * rare:,.0f} are adversarial, and {10_000 * true:,.0f} of them "
        "are flagged. So are "
        f"{10_000 * false:,.0f} clean ones: {share(right)} of the flags are right.",
        conditions=f"Computed from {share(hit)} found and {share(alarm)} false alarms of the step before, "
        "one adversarial "
        f"picture in {rate:,}. {part.conditions}",
        figures=(
            Bars(
                "Of all flags",
                (
                    Bar("right", right, share(right), "detector"),
                    Bar("false alarms", 1 - right, share(1 - right), "clean"),
                ),
            ),
        ),
    )


def other_adversary(_: object, __: Progress | None) -> Found:
    """Detectors of one adversary against another, by their figures at score 0.5."""
    part = measured("transfer")
    table = part.value
    names = [one.adversary for one in table.adversaries]
    i = names.index("fgsm")
    row = table.matrix[i]
    found = [cell["true_positives"] for cell in row]
    worst = min(range(len(found)), key=found.__getitem__)
    return Found(
        right=0 if found[worst] > 0.9 * found[i] else 1 if found[worst] > HALF else 2,
        told=f"Fitted to FGSM it finds {share(found[i])} of FGSM's pictures, and {share(found[worst])} of "
        "those of "
        f"{attacks.get(names[worst]).title}. False alarms: {share(row[i]['false_positives'])}.",
        conditions=f"{table.detectors[i]}, at score 0.5. Eps of each adversary: "
        + ", ".join(
            f"{one.adversary} {'none' if one.eps is None else in_255ths(one.eps)}"
            for one in table.adversaries
        )
        + f". {part.conditions}",
        figures=(
            Bars(
                "Found, by a detector fitted to FGSM",
                tuple(
                    Bar(attacks.get(name).title, value, share(value), "detector")
                    for name, value in zip(names, found, strict=True)
                ),
            ),
        ),
    )


def aware(_: object, __: Progress | None) -> Found:
    """Attackers who know the detector: how many pictures fool both networks."""
    part = measured("full_knowledge")
    rows = [
        row
        for row in part.value.rows
        if row.detector == DETECTOR and row.eps is not None and abs(row.eps - FITTED) < 1e-6
    ]
    best = max(rows, key=lambda row: row.fools_both or 0.0)
    reached = best.fools_both or 0.0
    return Found(
        right=0 if reached < 0.1 else 1 if reached < 0.9 else 2,
        told=f"{attacks.get(best.attack).title} fools both networks on {share(reached)} of the {best.of} "
        "pictures that were "
        "right and not flagged before.",
        conditions=f"{DETECTOR}, eps {in_255ths(best.eps)} in Linf, {best.steps} steps, at the calibrated "
        "threshold. "
        f"{part.conditions}",
        figures=(
            Bars(
                "Classified wrong and not flagged",
                tuple(
                    Bar(
                        f"{attacks.get(row.attack).title}, {row.steps} steps",
                        row.fools_both or 0.0,
                        exact_share(row.fools_both),
                        "adversarial",
                    )
                    for row in rows
                ),
            ),
        ),
    )


def live_duel(eps: float, progress: Progress | None) -> Found:
    """The pair attacked on the photograph."""
    attack = attacks.create("pgd-pair", eps=eps, detector=zoo.load_detector(DETECTOR))
    found = subjects.attacked(attack, progress, detector=DETECTOR)
    seen = found.detection
    assert seen is not None
    wrong = found.after[0].index != found.label.index
    clean, after, limit = written(seen.clean, seen.adversarial, seen.threshold)
    return Found(
        right=0 if not wrong else 1 if seen.flagged else 2,
        told=f"The classifier says {said(found.after[0])}. The detector's score is {after}, and it flags "
        f"above {limit}: {'flagged' if seen.flagged else 'not flagged'}. For the clean picture it was "
        f"{clean}.",
        conditions=f"{DETECTOR}, one photograph, {type(attack).title}, {found.gradients} gradients, eps "
        f"{on_both_scales(eps)} in Linf.",
        figures=(subjects.pictures(found),),
    )


STEPS = steps(
    "lesson_3",
    Part(
        one_picture,
        control=Control("Eps", EPS, FITTED),
        onward=Onward("pages/detectors.py", "Scores of every detector"),
        numbers={"eps": EPS[FITTED]},
    ),
    Part(
        own_adversary,
        onward=Onward("pages/detectors.py", "Measured, by depth", {"measured": "Depth"}),
    ),
    Part(
        base_rate,
        control=Control(
            "One adversarial picture in", {n: f"{n:,}" for n in (2, 10, 100, RARE)}, RARE
        ),
        onward=Onward("pages/detectors.py", "What a rejection costs"),
        numbers={"rare": RARE, "clean": RARE - 1},
    ),
    Part(
        other_adversary,
        onward=Onward("pages/detectors.py", "The whole matrix", {"measured": "Transfer"}),
    ),
    Part(
        aware,
        onward=Onward("pages/detectors.py", "Static or dynamic", {"measured": "Static or dynamic"}),
        numbers={"eps": EPS[FITTED]},
    ),
    Part(
        live_duel,
        control=Control("Eps", EPS, FITTED),
        onward=Onward("pages/detectors.py", "The duel"),
    ),
)
