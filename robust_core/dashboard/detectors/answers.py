"""What was found here on the four questions of the study: read from the committed tables."""

from collections.abc import Callable, Sequence
from itertools import combinations

from robust_core.dashboard.detectors.charts import adversary_title
from robust_core.dashboard.detectors.maps import detectabilities
from robust_core.evaluation.detector_tables import results
from robust_core.evaluation.detector_tables.results import MeasuredPart
from robust_core.evaluation.detector_tables.rows import (
    FullKnowledgeRow,
    FullKnowledgeTable,
    SigmaTable,
    TransferTable,
)
from robust_core.words.detectors import steps_of
from robust_core.words.numbers import in_255ths, share

NOT_YET = "Not measured yet."
USUALLY = 0.5
"""The share of pictures from which an attack counts as one that succeeds."""
FALLS = "By the dynamic adversary, if the detector is static: detectability falls to {} at sigma {} ({})."
KEEPS = (
    "Against the dynamic adversary: a dynamically trained one keeps {} at its worst sigma, {} ({})."
)
CHANCE = (
    "Not by dynamic training here: the detector trained this way is no better than chance at its worst "
    "sigma, {} at sigma {} ({})."
)


def detectable(model: str = results.MODEL) -> str:
    """Whether a small network can tell: the diagonal of the transfer matrix."""
    part: MeasuredPart[TransferTable] = results.part("transfer", model=model)
    if part.lacking:
        return NOT_YET
    values = detectabilities(part.value)
    own = [values[i][i] for i in range(len(values))]
    return f"Each detector on its own adversary: detectability {_range(own)}."


def general(model: str = results.MODEL) -> str:
    """Whether it generalises: beside the diagonal."""
    part: MeasuredPart[TransferTable] = results.part("transfer", model=model)
    if part.lacking:
        return NOT_YET
    values = detectabilities(part.value)
    other = [v for i, row in enumerate(values) for j, v in enumerate(row) if i != j]
    pairs = ((values[i][j], values[j][i]) for i, j in combinations(range(len(values)), 2))
    both = [abs(one - other) for one, other in pairs if one is not None and other is not None]
    swapped = f" Fit and test swapped, it differs by up to {max(both):.2f}." if both else ""
    return f"On those of the others: {_range(other)}.{swapped}"


def fooled(model: str = results.MODEL) -> str:
    """Whether both networks can be fooled: by full knowledge, and by the dynamic adversary."""
    by_sigma = _at_worst("static", FALLS, model)
    part: MeasuredPart[FullKnowledgeTable] = results.part("full_knowledge", model=model)
    shares = {} if part.lacking else _everywhere(part.value.rows)
    if not shares:
        return by_sigma
    most = max(shares.values())
    names = " and ".join(name for name, value in shares.items() if value == most)
    n = len({row.detector for row in part.value.rows})
    of = f"each of {n} detectors, static or dynamic" if n > 1 else "the one detector tested"
    at_least = "" if most == 1 else "at least "
    return (
        f"{'Yes, with' if most >= USUALLY else 'With'} full knowledge: {at_least}{share(most, 0)} of the "
        f"pictures fool both, for {of}, by {names}. {by_sigma}"
    )


def hardened(model: str = results.MODEL) -> str:
    """Whether the detector can be hardened: the dynamic one at its worst sigma, and all that is known."""
    by_sigma = _at_worst("dynamic", KEEPS, model)
    sweep: MeasuredPart[SigmaTable] = results.part("sigma", model=model)
    part: MeasuredPart[FullKnowledgeTable] = results.part("full_knowledge", model=model)
    if sweep.lacking or part.lacking:
        return by_sigma
    name = sweep.value.detectors["dynamic"].name
    rows = [row for row in part.value.rows if row.detector == name and row.fools_both is not None]
    most = max((row.fools_both or 0 for row in rows), default=None)
    if most is None:
        return by_sigma
    told = " and ".join(
        f"{_attack(row)} ({share(row.fools_both_8bit, 0)} once rounded to 8 bits)"
        if row.fools_both_8bit is not None
        else _attack(row)
        for row in rows
        if row.fools_both == most
    )
    verdict = "No, not against full knowledge" if most >= USUALLY else "With full knowledge"
    return f"{by_sigma} {verdict}: {share(most, 0)} of the pictures fool both, by {told}."


def _everywhere(rows: Sequence[FullKnowledgeRow]) -> dict[str, float]:
    """Attacks that were tried on every detector, and the least share on which each fools both."""
    detectors = {row.detector for row in rows}
    tried: dict[str, dict[str, float]] = {}
    for row in rows:
        if row.fools_both is not None:
            tried.setdefault(_attack(row), {})[row.detector] = row.fools_both
    return {name: min(by.values()) for name, by in tried.items() if by.keys() == detectors}


def _attack(row: FullKnowledgeRow) -> str:
    """Its title, with its eps where it has one."""
    return adversary_title(row.attack, row.eps)


def _at_worst(kind: str, words: str, model: str) -> str:
    part: MeasuredPart[SigmaTable] = results.part("sigma", model=model)
    if part.lacking:
        return NOT_YET
    table = part.value
    known = [
        (row["detectability"], sigma)
        for row, sigma in zip(table.detectors[kind].rows, table.sigmas, strict=True)
        if row["detectability"] is not None
    ]
    if not known:
        return "No attack succeeded."
    value, sigma = min(known)
    words = CHANCE if kind == "dynamic" and value <= 0.5 else words
    size = f"eps {in_255ths(table.eps)}, {steps_of(table.steps, table.step_size)}"
    return words.format(f"{value:.2f}", f"{sigma:.1f}", size)


def _range(values: list[float | None]) -> str:
    known = [v for v in values if v is not None]
    return f"{min(known):.2f} to {max(known):.2f}" if known else "unknown"


QUESTIONS: tuple[tuple[str, Callable[..., str]], ...] = (
    ("Can a small network tell adversarial pictures?", detectable),
    ("Does it generalise to other adversaries?", general),
    ("Can an attacker fool both networks?", fooled),
    ("Can the detector be hardened?", hardened),
)
"""What the study asks, and what answers from the results."""
