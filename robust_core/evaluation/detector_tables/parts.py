"""Tables of detectability (Metzen et al., 2017, section 4): by adversary, depth, eps, and transfer.

Detectability is the balanced accuracy at score 0.5, over all genuine pictures and the successful
adversarial ones: ``detectors.measure.Answers.figures``, which makes every figure here.
"""

from robust_core import attacks
from robust_core.attacks import Attack
from robust_core.evaluation.detector_tables import plan
from robust_core.evaluation.detector_tables.bench import DetectorBench
from robust_core.evaluation.detector_tables.plan import MissingDetectors
from robust_core.evaluation.detector_tables.rows import (
    Adversary,
    EpsMatrix,
    EpsTable,
    Matrix,
    OwnAdversaryRow,
    OwnAdversaryTable,
    SharedDetector,
    SharedRow,
    SharedTable,
    SigmaCurve,
    SigmaTable,
    TransferTable,
    UnseenRow,
    UnseenTable,
)
from robust_core.evaluation.suites import FIELD_EPS

PICTURES = 2000
"""Test pictures of a table."""
SIGMA_PICTURES = 500
"""Those of a table whose pictures are made for it alone."""
FEW = 100
"""Those of the most expensive attacks."""
SIGMAS = tuple(i / 10 for i in range(11))
UNSEEN: tuple[tuple[str, dict, int], ...] = (
    ("pgd", {"eps": FIELD_EPS}, PICTURES),
    ("apgd", {"eps": FIELD_EPS}, FEW),
    ("square", {"eps": FIELD_EPS}, FEW),
    ("cw-l2", {}, FEW),
)
"""Attacks that no subnetwork was trained on: name, parameters, pictures."""


def adversaries(bench: DetectorBench) -> OwnAdversaryTable:
    """Every static detector against the adversary that it was trained for."""
    names = plan.static(bench.entries)
    if not names:
        raise MissingDetectors("there is no detector that was trained statically")
    n = bench.count(PICTURES)
    return OwnAdversaryTable(n=n, rows=[_own_row(bench, name, n) for name in names])


def depth(bench: DetectorBench) -> OwnAdversaryTable:
    """The same rows, for adversaries with detectors at several points."""
    groups = plan.depths(bench.entries)
    if not groups:
        raise MissingDetectors("no attack has detectors at several points")
    n = bench.count(PICTURES)
    return OwnAdversaryTable(
        n=n, rows=[_own_row(bench, name, n) for group in groups for name in group]
    )


def eps(bench: DetectorBench) -> EpsTable:
    """By adversary: detectors of each eps against each eps."""
    groups = plan.radii(bench.entries)
    if not groups:
        raise MissingDetectors("no adversary has detectors at several eps")
    n = bench.count(PICTURES)
    tables = {
        adversary: EpsMatrix(
            eps=[bench.entries[name]["eps"] for name in names],
            detectors=names,
            matrix=_matrix(bench, names, n),
        )
        for adversary, names in groups.items()
    }
    return EpsTable(n=n, adversaries=tables)


def transfer(bench: DetectorBench) -> TransferTable:
    """The detector of each adversary (rows) against each adversary (columns)."""
    names = plan.transfer(bench.entries)
    if len(names) < 2:
        raise MissingDetectors(
            f"fewer than two of {', '.join(plan.TRANSFER)} have a detector at the usual point of "
            f"{bench.classifier.name}, or, without an eps, one at {plan.WITHOUT_EPS}"
        )
    n = bench.count(PICTURES)
    entries = [bench.entries[name] for name in names]
    return TransferTable(
        n=n,
        adversaries=[Adversary(adversary=e["adversary"], eps=e["eps"]) for e in entries],
        detectors=names,
        matrix=_matrix(bench, names, n),
    )


def several(bench: DetectorBench) -> SharedTable:
    """The detector for several adversaries against each of them, beside the one fitted to it alone."""
    found = plan.several(bench.entries)
    if found is None:
        raise MissingDetectors("there is no detector that was trained on several adversaries")
    own = {plan.attack_of(bench.entries[name]): name for name in plan.transfer(bench.entries)}
    trials = plan.attacks_of(bench.entries[found])
    alone = [attack.name for attack in trials if attack not in own]
    if alone:
        raise MissingDetectors(
            f"{', '.join(alone)}, as {found} was fitted to it, has no detector of its own"
        )
    n = bench.count(PICTURES)
    rows = [_shared_row(bench, own[attack], found, attack, n) for attack in trials]
    return SharedTable(n=n, detector=found, rows=rows)


def sigma(bench: DetectorBench) -> SigmaTable:
    """A static and a dynamic detector against the dynamic adversary aware of it, at each sigma.

    At sigma 0 the adversary is BIM, the same pictures for both.
    """
    pair = plan.pair(bench.entries)
    if pair is None:
        raise MissingDetectors(
            "there is no detector that was trained dynamically beside a static one of the same "
            "point and eps"
        )
    n = bench.count(SIGMA_PICTURES)
    static = plan.attack_of(bench.entries[pair[0]])
    size = {name: getattr(static, name) for name in ("eps", "steps", "step_size")}

    def adversary(name: str, share: float) -> Attack:
        if share == 0:
            return static
        return attacks.create("dynamic", detector=bench.load(name), sigma=share, **size)

    curves = {
        kind: SigmaCurve(
            name=name,
            rows=[bench.answers([name], adversary(name, s), n)[0].figures() for s in SIGMAS],
        )
        for kind, name in zip(("static", "dynamic"), pair, strict=True)
    }
    return SigmaTable(n=n, **size, sigmas=list(SIGMAS), detectors=curves)


def unseen(bench: DetectorBench) -> UnseenTable:
    """Every detector against attacks that it was not fitted to."""
    if not bench.entries:
        raise MissingDetectors("there is no detector")
    rows = []
    for name, parameters, own in UNSEEN:
        attack = attacks.create(name, **parameters)
        n = bench.count(own)
        asked = [d for d, entry in bench.entries.items() if name not in plan.fitted_to(entry)]
        for detector, answers in zip(asked, bench.answers(asked, attack, n), strict=True):
            threshold = bench.entries[detector]["threshold"]
            rows.append(
                UnseenRow(
                    detector=detector,
                    attack=name,
                    eps=parameters.get("eps"),
                    parameters=attack.parameters,
                    floats=answers.figures(),
                    at_threshold=answers.figures(threshold),
                    threshold=threshold,
                )
            )
    return UnseenTable(n=bench.count(PICTURES), rows=rows)


def _own_row(bench: DetectorBench, name: str, n: int) -> OwnAdversaryRow:
    """A static detector against its own adversary."""
    entry = bench.entries[name]
    attack = plan.attack_of(entry)
    (floats,) = bench.answers([name], attack, n)
    (eight_bit,) = bench.answers([name], attack, n, eight_bit=True)
    return OwnAdversaryRow(
        detector=name,
        point=entry["point"],
        adversary=entry["adversary"],
        eps=entry["eps"],
        parameters=attack.parameters,
        floats=floats.figures(),
        eight_bit=eight_bit.figures(),
        at_threshold=floats.figures(entry["threshold"]),
        threshold=entry["threshold"],
        n_train=entry["n"],
        epochs=entry["epochs"],
    )


def _shared_row(bench: DetectorBench, own: str, found: str, attack: Attack, n: int) -> SharedRow:
    """The detector ``own`` of an adversary, and the one that was ``found`` for several."""
    floats = bench.answers([own, found], attack, n)
    eight_bit = bench.answers([own, found], attack, n, eight_bit=True)
    compared = [
        SharedDetector(
            detector=name,
            point=bench.entries[name]["point"],
            n_train=bench.entries[name]["n"],
            epochs=bench.entries[name]["epochs"],
            floats=exact.figures(),
            eight_bit=rounded.figures(),
        )
        for name, exact, rounded in zip((own, found), floats, eight_bit, strict=True)
    ]
    return SharedRow(
        adversary=attack.name,
        eps=getattr(attack, "eps", None),
        parameters=attack.parameters,
        own=compared[0],
        several=compared[1],
    )


def _matrix(bench: DetectorBench, names: list[str], n: int) -> Matrix:
    """Figures ``[i][j]`` of the detector i against the adversary of the detector j."""
    tested = [bench.answers(names, plan.attack_of(bench.entries[name]), n) for name in names]
    return [[column[i].figures() for column in tested] for i in range(len(names))]
