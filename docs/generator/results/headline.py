"""The three figures of the README, each with the command that makes it."""

from docs.generator.markdown import percent
from docs.generator.results.files import detector_part, result
from robust_core.evaluation.defense_table import results
from robust_core.evaluation.defense_table.rows import ADAPTIVE, UNAWARE
from robust_core.paths import RESULTS
from robust_core.words.verdict import in_255ths


def figures() -> str:
    """A list of three."""
    return "\n".join(f"* {line}" for line in (attack(), defence(), detector()))


def attack() -> str:
    """What one strong attack leaves of the bundled classifier."""
    report = result("cifar10")
    part = next(p for p in report["results"] if p["attack"] == "pgd" and p["n"] == report["n"])
    (row,) = part["rows"]
    return (
        f"`{report['model']}` gets {percent(part['clean_top1'])} of the {part['n']:,} CIFAR-10 test "
        f"pictures right. After {part['parameters']['steps']} steps of PGD within "
        f"{in_255ths(row['eps'])} it gets {percent(row['top1'])} right. "
        "`python -m robust_core evaluate --suite cifar10`"
    )


def defence() -> str:
    """A defence that holds against an unaware attacker only."""
    report = results.report(RESULTS / "defenses.json")
    unaware = report.accuracy("jpeg quality=75", UNAWARE, "pgd")
    aware = report.accuracy("jpeg quality=75", ADAPTIVE, "pgd")
    return (
        f"Behind a filter ({unaware.title}) it still gets {percent(unaware.accuracy.value, 1)} right "
        f"against an unaware attacker ({in_255ths(unaware.eps)}, first {unaware.n:,} pictures), and "
        f"{percent(aware.accuracy.value, 1)} against an aware one. `{report.command}`"
    )


def detector() -> str:
    """A detector that finds what it was trained on, and is fooled by an aware attacker."""
    known, own = (detector_part(name).value.rows for name in ("full_knowledge", "adversaries"))
    name = known[0].detector
    (trained,) = (row for row in own if row.detector == name)
    fooled = next(row for row in known if (row.detector, row.attack) == (name, "pgd-pair"))
    return (
        f"The detector `{name}` tells adversarial pictures of its own kind from clean ones with a "
        f"balanced accuracy of {percent(trained.floats['detectability'])}. An attacker who knows it "
        f"fools it and the classifier at once on {percent(fooled.fools_both, 0)} of "
        f"{fooled.of} pictures. `python -m robust_core evaluate-detectors`"
    )
