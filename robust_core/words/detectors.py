"""A bundled detector in words, from its index entry."""

from collections.abc import Iterable

from robust_core import attacks
from robust_core.evaluation.detector_tables.plan import SUBNETWORK, fitted_to
from robust_core.experiment.detection import Detection, scores
from robust_core.papers import LU, METZEN, QIN, XU
from robust_core.words import citations
from robust_core.words.numbers import in_255ths, limit

TITLES = {
    "reconstruction": "Reconstruction",
    "safetynet": "SafetyNet",
    "squeezing": "Feature squeezing",
}
"""Methods that have a name; a subnetwork goes by its point and its adversary."""
PAPERS = {"reconstruction": QIN, "safetynet": LU, "squeezing": XU, SUBNETWORK: METZEN}
"""By method, where it comes from."""
FAR = 4
"""A change that is more than this many times as large as those of the training is far outside it."""
COUNTS = {2: "two", 3: "three", 4: "four", 5: "five"}


def title(entry: dict) -> str:
    """A title such as ``AD(2), BIM 2/255``, ``AD(2), five attacks`` or ``Feature squeezing``."""
    if entry["method"] in TITLES:
        return TITLES[entry["method"]]
    adversary = _adversary(entry)
    n = len(fitted_to(entry))
    if n > 1:  # too many names for a title
        adversary = f"{COUNTS.get(n, n)} attacks"
    parts = [entry.get("point"), " ".join(filter(None, [adversary, _eps(entry)]))]
    return ", ".join(filter(None, parts)) or entry["method"]


def origin(entry: dict) -> str:
    """What it was trained on and how its threshold was set, in a sentence or two."""
    adversary = _adversary(entry)
    eps = _eps(entry)
    told = "Nothing was trained."
    if adversary:
        told = f"Trained on {adversary}" + (f" at eps {eps}" if eps else "") + f"{_turns(entry)}."
    elif entry["method"] == "reconstruction":
        told = f"Trained on {entry['n']:,} clean pictures, and on no attack."
    rate = entry.get("false_positive_rate")
    if rate is None:
        return told
    tested = entry.get("n_calibration")
    of = f"{tested:,} clean pictures" if tested else "clean pictures"
    like = (
        f", which holds for pictures like those of {entry['data']} only"
        if entry.get("data")
        else ""
    )
    return f"{told} Its threshold flags {limit(rate)} of {of}{like}."


def hints(seen: Detection, linf: float, l2: float) -> list[str]:
    """What to keep in mind about an answer; ``linf`` and ``l2`` are the lengths of the change."""
    return [hint for hint in (unlike_calibration(seen), far_from_training(seen, linf, l2)) if hint]


def unlike_calibration(seen: Detection) -> str:
    """That the rate of false alarms does not hold for a picture, where its score shows that; else empty."""
    if not seen.outside_calibration or seen.calibration_range is None:
        return ""
    clean, low, high = scores(seen.clean, *seen.calibration_range)
    where = "below" if seen.clean < seen.calibration_range[0] else "above"
    return (
        f"The clean picture's score, {clean}, is {where} those of all pictures that the threshold was set "
        f"on ({low} to {high}): it is unlike them, and their rate of false alarms does not hold for it."
    )


def far_from_training(seen: Detection, linf: float, l2: float) -> str:
    """That a change is much larger than any that the detector was trained on; empty where it is not.

    ``linf`` and ``l2`` are the lengths of the change. For a detector that was trained in both norms, both
    have to be.
    """
    sizes = {"linf": linf, "l2": l2}
    known = {norm: eps for norm, eps in seen.trained_eps.items() if norm in sizes and eps}
    if not known:
        return ""
    norm = min(known, key=lambda norm: sizes[norm] / known[norm])
    times = sizes[norm] / known[norm]
    if times <= FAR:
        return ""
    length, trained = (
        (in_255ths(sizes[norm]), in_255ths(known[norm]))
        if norm == "linf"
        else (f"{sizes[norm]:.3g} in L2", f"{known[norm]:.3g}")
    )
    return (
        f"The change, {length}, is {times:.0f} times the eps that the detector was trained on, {trained}: "
        "far outside its training."
    )


def sources(entries: Iterable[dict]) -> str:
    """The papers behind the methods of some index entries, as Markdown links; each once."""
    methods = dict.fromkeys(entry["method"] for entry in entries)
    told = {
        TITLES.get(method, "Subnetworks"): citations.markdown(PAPERS[method])
        for method in methods
        if method in PAPERS
    }
    return "; ".join(f"{name}: {paper}" for name, paper in told.items())


def steps_of(steps: int | None, step_size: float | None, norm: str = "linf") -> str:
    """``10 steps of 1/255``; empty for an attack without steps. None is the default of BIM and PGD.

    A size in L2 is the length of the whole step, and is said to be one: in 255ths it looks like a pixel's.
    """
    if steps is None:
        return ""
    size = "2.5 eps / steps" if step_size is None else in_255ths(step_size)
    in_l2 = " in L2" * (norm == "l2" and step_size is not None)
    return f"{steps} step{'s' * (steps > 1)} of {size}{in_l2}"


def _adversary(entry: dict) -> str:
    """The attacks that it was trained on, by their titles."""
    known = {n: attacks.get(n).title for n in attacks.names() + attacks.names(pair=True)}
    *first, last = [known.get(n, n) for n in fitted_to(entry)] or [""]
    return " and ".join(filter(None, [", ".join(first), last]))


def _turns(entry: dict) -> str:
    """How a subnetwork's pictures are shared among several attacks; other methods give each all of them."""
    n = len(fitted_to(entry))
    shared = entry["method"] == SUBNETWORK and n > 1
    return f", each on one picture in {COUNTS.get(n, n)}" if shared else ""


def _eps(entry: dict) -> str:
    """The radius in 255ths; the attack's title names the norm."""
    eps = entry.get("eps")
    return "" if eps is None else in_255ths(eps)
