"""Tables of detectability (Metzen et al., 2017, section 4): by adversary, depth, eps, and transfer.

Detectability is the balanced accuracy at score 0.5, over all genuine pictures and the successful
adversarial ones: ``detectors.measure.Answers.figures``, which makes every figure here.
"""

from robust_core import attacks
from robust_core.attacks import Attack
from robust_core.evaluation.detector_tables import plan as plan
from robust_core.evaluation.detector_tables.bench import DetectorBench
from robust_core.evaluation.detector_tables.plan import Lacking
from robust_core.evaluation.suites import FIELD_EPS

PICTURES, SIGMA_PICTURES, FEW = 2000, 500, 100
"""Test pictures of a table, of one whose pictures are made for it alone, and of the dearest attacks."""
SIGMAS = tuple(i / 10 for i in range(11))
UNSEEN: tuple[tuple[str, dict, int], ...] = (
    ("pgd", {"eps": FIELD_EPS}, PICTURES),
    ("apgd", {"eps": FIELD_EPS}, FEW),
    ("square", {"eps": FIELD_EPS}, FEW),
    ("cw-l2", {}, FEW),
)
"""Attacks that no subnetwork was trained on: name, parameters, pictures."""


def adversaries(bench: DetectorBench) -> dict:
    """Every static detector against the adversary that it was trained for."""
    names = plan.static(bench.entries)
    if not names:
        raise Lacking("there is no detector that was trained statically")
    n = bench.count(PICTURES)
    return {"n": n, "rows": [_own_row(bench, name, n) for name in names]}


def depth(bench: DetectorBench) -> dict:
    """The same rows, of adversaries with detectors at several points."""
    groups = plan.depths(bench.entries)
    if not groups:
        raise Lacking("no attack has detectors at several points")
    n = bench.count(PICTURES)
    return {"n": n, "rows": [_own_row(bench, name, n) for group in groups for name in group]}


def eps(bench: DetectorBench) -> dict:
    """By adversary: detectors of each eps against each eps."""
    groups = plan.radii(bench.entries)
    if not groups:
        raise Lacking("no adversary has detectors at several eps")
    n = bench.count(PICTURES)
    tables = {
        adversary: {
            "eps": [bench.entries[name]["eps"] for name in names],
            "detectors": names,
            "matrix": _matrix(bench, names, n),
        }
        for adversary, names in groups.items()
    }
    return {"n": n, **tables}


def transfer(bench: DetectorBench) -> dict:
    """The detector of each adversary against each adversary: rows are fit, columns tested."""
    names = plan.transfer(bench.entries)
    if len(names) < 2:
        raise Lacking(
            f"fewer than two of {', '.join(plan.TRANSFER)} have a detector at {plan.WITH_EPS} whose "
            f"attack leaves the classifier under {plan.STRONG:.0%}, or, without an eps, one at "
            f"{plan.WITHOUT_EPS}"
        )
    n = bench.count(PICTURES)
    entries = [bench.entries[name] for name in names]
    return {
        "n": n,
        "adversaries": [{"adversary": e["adversary"], "eps": e["eps"]} for e in entries],
        "detectors": names,
        "matrix": _matrix(bench, names, n),
    }


def several(bench: DetectorBench) -> dict:
    """The detector for several adversaries against each of them, beside the one for that one alone."""
    found = plan.several(bench.entries)
    if found is None:
        raise Lacking("there is no detector that was trained on several adversaries")
    own = {plan.attack_of(bench.entries[name]): name for name in plan.transfer(bench.entries)}
    trials = plan.attacks_of(bench.entries[found])
    alone = [attack.name for attack in trials if attack not in own]
    if alone:
        raise Lacking(f"{', '.join(alone)}, as {found} knows it, has no detector of its own")
    n = bench.count(PICTURES)
    rows = [_both_row(bench, own[attack], found, attack, n) for attack in trials]
    return {"n": n, "detector": found, "rows": rows}


def sigma(bench: DetectorBench) -> dict:
    """A static and a dynamic detector against the dynamic adversary that knows it, at each sigma.

    At sigma 0 the adversary is BIM, the same pictures for both.
    """
    pair = plan.pair(bench.entries)
    if pair is None:
        raise Lacking(
            "there is no detector that was trained dynamically beside a static one of the same "
            "point and eps"
        )
    n, static = bench.count(SIGMA_PICTURES), plan.attack_of(bench.entries[pair[0]])
    size = {name: getattr(static, name) for name in ("eps", "steps", "step_size")}

    def adversary(name: str, share: float) -> Attack:
        if share == 0:
            return static
        return attacks.create("dynamic", detector=bench.load(name), sigma=share, **size)

    curves = {
        kind: {
            "name": name,
            "rows": [bench.answers([name], adversary(name, s), n)[0].figures() for s in SIGMAS],
        }
        for kind, name in zip(("static", "dynamic"), pair, strict=True)
    }
    return {"n": n, **size, "sigmas": list(SIGMAS), "detectors": curves}


def unseen(bench: DetectorBench) -> dict:
    """Every detector against attacks that it was not made for."""
    if not bench.entries:
        raise Lacking("there is no detector")
    rows = []
    for name, parameters, own in UNSEEN:
        attack, n = attacks.create(name, **parameters), bench.count(own)
        asked = [d for d, entry in bench.entries.items() if name not in plan.fitted_to(entry)]
        for detector, answers in zip(asked, bench.answers(asked, attack, n), strict=True):
            threshold = bench.entries[detector]["threshold"]
            row = {"detector": detector, "attack": name, "eps": parameters.get("eps")}
            row |= {"parameters": attack.parameters, **answers.figures()}
            rows.append({**row, "at_threshold": answers.figures(threshold), "threshold": threshold})
    return {"n": bench.count(PICTURES), "rows": rows}


def _own_row(bench: DetectorBench, name: str, n: int) -> dict:
    """A static detector against its own adversary."""
    entry = bench.entries[name]
    attack = plan.attack_of(entry)
    (floats,), (eight_bit,) = (
        bench.answers([name], attack, n, eight_bit=rounding) for rounding in (False, True)
    )
    return {
        "detector": name,
        **{key: entry[key] for key in ("point", "adversary", "eps")},
        "parameters": attack.parameters,
        "floats": floats.figures(),
        "eight_bit": eight_bit.figures(),
        "at_threshold": floats.figures(entry["threshold"]),
        "threshold": entry["threshold"],
        "n_train": entry["n"],
        "epochs": entry["epochs"],
    }


def _both_row(bench: DetectorBench, own: str, found: str, attack: Attack, n: int) -> dict:
    """The detector ``own`` of an adversary, and the one that was ``found`` for several."""
    floats, eight_bit = (
        bench.answers([own, found], attack, n, eight_bit=rounding) for rounding in (False, True)
    )
    row = {"adversary": attack.name, "eps": getattr(attack, "eps", None)}
    row["parameters"] = attack.parameters
    for i, (kind, name) in enumerate((("own", own), ("several", found))):
        row[kind] = {
            "detector": name,
            "point": bench.entries[name]["point"],
            "n_train": bench.entries[name]["n"],
            "epochs": bench.entries[name]["epochs"],
            "floats": floats[i].figures(),
            "eight_bit": eight_bit[i].figures(),
        }
    return row


def _matrix(bench: DetectorBench, names: list[str], n: int) -> list[list[dict]]:
    """Figures ``[i][j]`` of the detector i against the adversary of the detector j."""
    tested = [bench.answers(names, plan.attack_of(bench.entries[name]), n) for name in names]
    return [[column[i].figures() for column in tested] for i in range(len(names))]
