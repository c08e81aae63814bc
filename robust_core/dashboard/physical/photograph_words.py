"""The sentences and the table of the part "Through a photograph"."""

from robust_core.evaluation.physical.plan import TRANSFORMATIONS
from robust_core.evaluation.physical.published import KURAKIN
from robust_core.evaluation.physical.results import Report
from robust_core.experiment.photographed import BASIC, CLEAN, FAST, LEAST, PRINT, Photographs, Print
from robust_core.experiment.photographed import Stage as Seen
from robust_core.words.numbers import share

NAMES = {CLEAN: "Clean", FAST: "FGSM", BASIC: "BIM", LEAST: "Least likely"}
STAGES = {
    PRINT: "Print",
    "geometry": "+ perspective",
    "blur": "+ blur",
    "light": "+ light",
    "noise": "+ noise",
    "jpeg": "+ JPEG",
}


def outcome(found: Photographs, attacked: Print, last: Seen) -> str:
    """What became of one attack in the photograph shown, and in all of them."""
    right = last.answer.index == found.label
    if attacked.attack == CLEAN:
        told = "still right" if right else "wrong without any attack"
        return f"{told}; right in {attacked.right} of {found.photographs} photographs"
    if not found.counts(attacked):
        clean = found.prints[0].answer.index == found.label
        return "does not count: " + (
            "the model is not fooled" if clean else "it is wrong when clean"
        )
    told = "destroyed" if right else "survives"
    if not right and last.answer.index != attacked.answer.index:
        told += " as another class"
    return f"{told} here; {attacked.right} of {found.photographs} photographs destroy it"


def headline(found: Photographs) -> str:
    """How many photographs destroy each attack."""
    counted = [p for p in found.prints[1:] if found.counts(p)]
    if not counted:
        return "No attack counts here: " + (
            "none fools the model at this eps."
            if found.prints[0].answer.index == found.label
            else "the model is wrong on the clean picture."
        )
    n = found.photographs
    told = ", ".join(f"{NAMES[p.attack]} {p.right}" for p in counted)
    return f"Of {n} photographs, this many destroy the attack: {told}."


def rows(report: Report, model: str) -> list[dict[str, object]]:
    """Destruction rates of ours beside the published ones, a row for each attack and eps."""
    found = []
    for printed in KURAKIN:
        eps = printed.eps / 255
        row: dict[str, object] = {
            "Attack": NAMES[printed.attack],
            "Eps": f"{printed.eps}/255",
        }
        for name in TRANSFORMATIONS:
            at = report.destroyed(model, printed.attack, eps, name)
            row["Counted"] = f"{at.top1['counted']} of {at.top1['pictures']}"
            row["JPEG" if name == "jpeg" else name.capitalize()] = share(at.top1["rate"])
        row["Published"] = f"{printed.destruction:g} %"
        row["Published, prefiltered"] = f"{printed.prefiltered:g} %"
        found.append(row)
    return found


def bars(report: Report, model: str) -> list[tuple[str, float | None, float]]:
    """Attack and eps, our rate for whole photographs, and the published one, as shares."""
    return [
        (
            f"{NAMES[p.attack]}, {p.eps}/255",
            report.destroyed(model, p.attack, p.eps / 255, "photo").top1["rate"],
            p.destruction / 100,
        )
        for p in KURAKIN
    ]
