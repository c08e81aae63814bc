"""Write the tables of the README's section "Figures" from the committed results.

python benchmarks/readme_figures.py    # after the suites of evaluate, and evaluate-detectors
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "benchmarks")]

from readme_defenses import defence_table  # noqa: E402

from robust_core.evaluation.defense_table import results  # noqa: E402
from robust_core.words.verdict import in_255ths  # noqa: E402

RESULTS = ROOT / "assets" / "results"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
SUITES = ("cifar10",)
DISTANCES = "cifar10-distances"
DEFENCES = ("defenses", "defenses-digits")


def percent(share: float | None) -> str:
    return "" if share is None else f"{share:.2%}".replace("%", " %")


def suite_table(name: str) -> str:
    """One row for each attack and radius: clean accuracy beside the robust one, and the conditions."""
    report = result(name)
    lines = [
        f"**{report['model']}** on the {report['data']} test set; weights "
        f"`{report['weights_sha256'][:12]}`, {report['device']}. Made by "
        f"`python -m robust_core evaluate --suite {name}`.",
        "",
        "| attack | norm | steps | eps | n | clean | under attack | success | mean L2 of successes |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for part in report["results"]:
        steps = part["parameters"].get("steps", "")
        for row in part["rows"]:
            scale = "" if part["norm"] == "l2" else f" ({in_255ths(row['eps'])})"
            length = "" if row["mean_l2"] is None else f"{row['mean_l2']:.3f}"
            lines.append(
                f"| `{part['attack']}` | {part['norm']} | {steps} | {row['eps']:.3g}{scale} "
                f"| {part['n']:,} | {percent(part['clean_top1'])} | {percent(row['top1'])} "
                f"| {percent(row['success_rate'])} | {length} |"
            )
    return "\n".join(lines)


def distance_table(name: str) -> str:
    """One row for each attack without an eps: how far it had to go, and what that cost."""
    report = result(name)
    lines = [
        f"How near the nearest adversarial picture is: **{report['model']}** on the first "
        f"{report['n']:,} pictures of the {report['data']} test set that it gets right; weights "
        f"`{report['weights_sha256'][:12]}`, {report['device']}. L0 counts pixels. Made by "
        f"`python -m robust_core evaluate --suite {name}`.",
        "",
        "| attack | goal | steps | n | success | norm | mean | median | forward passes | backward passes |",
        "|---|---|--:|--:|--:|---|--:|--:|--:|--:|",
    ]
    for part in report["results"]:
        (row,), norm = part["rows"], part["norm"]
        goal = f"{part['goal_parameters'].get('target', '')} {part['goal']}".strip()
        steps = part["parameters"]["steps"]
        searches = part["parameters"].get("search_steps")
        lines.append(
            f"| `{part['attack']}` | {goal} | {f'{searches} x {steps}' if searches else steps} "
            f"| {part['n']:,} | {percent(row['success_rate'])} | {norm} "
            f"| {row[f'mean_{norm}']:.3g} | {row[f'median_{norm}']:.3g} "
            f"| {row['mean_queries']:.1f} | {row['mean_gradients']:.1f} |"
        )
    return "\n".join(lines)


def detector_tables(report: dict) -> list[str]:
    """Each detector against its own adversary; then static and dynamic against one who knows them."""
    parts = report["parts"]
    own, sigma, both = (parts[name] for name in ("adversaries", "sigma", "full_knowledge"))
    return [
        own_table(report, own),
        sigma_table(report, sigma),
        full_knowledge_table(report, both),
    ]


def own_table(report: dict, own: dict) -> str:
    lines = [
        f"Adversary detectors on **{report['model']}**, each against the adversary that it was trained "
        f"on: the first {own['n']:,} pictures of {report['data']}; weights "
        f"`{report['weights_sha256'][:12]}`, {report['device']}. Under attack: what the classifier is "
        "still right on. Found and false alarms are at the calibrated threshold. "
        f"Made by `{own['command']}`.",
        "",
        "| detector | attack | steps | trained on | under attack | successful | detectability "
        "| after 8 bits | found | false alarms |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in own["rows"]:
        floats, at = row["floats"], row["at_threshold"]
        lines.append(
            f"| {row['point']} | `{row['adversary']}`{radius(row)} | {row['parameters'].get('steps', '')} "
            f"| {row['n_train']:,} | {percent(floats['top1_adversarial'])} | {floats['n_adversarial']:,} "
            f"| {percent(floats['detectability'])} | {percent(row['eight_bit']['detectability'])} "
            f"| {percent(at['true_positives'])} | {percent(at['false_positives'])} |"
        )
    return "\n".join(lines)


def sigma_table(report: dict, part: dict) -> str:
    kinds = part["detectors"]
    names = " and ".join(f"`{each['name']}` ({kind})" for kind, each in kinds.items())
    lines = [
        f"The dynamic adversary (eps {in_255ths(part['eps'])}, {part['steps']} steps) knows the detector "
        f"that it attacks: detectability of {names} and, in brackets, successful pictures that remain of "
        f"the first {part['n']:,}. Made by `{part['command']}`.",
        "",
        f"| sigma | {' | '.join(kinds)} |",
        f"|--:|{'--:|' * len(kinds)}",
    ]
    for i, sigma in enumerate(part["sigmas"]):
        rows = [each["rows"][i] for each in kinds.values()]
        cells = [f"{percent(r['detectability']) or 'none'} ({r['n_adversarial']})" for r in rows]
        lines.append(f"| {sigma:.1f} | {' | '.join(cells)} |")
    return "\n".join(lines)


def full_knowledge_table(report: dict, part: dict) -> str:
    lines = [
        "Attackers who know both networks: of the pictures that were right and not flagged, among the "
        f"first {part['n']:,}, how many then fool the classifier, and both. Made by `{part['command']}`.",
        "",
        "| detector | attack | steps | of | fools the classifier | fools both | after 8 bits | mean L2 |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    for row in part["rows"]:
        length = "" if row["mean_l2"] is None else f"{row['mean_l2']:.3f}"
        shares = [percent(row[f"fools_{k}"]) for k in ("classifier", "both", "both_8bit")]
        lines.append(
            f"| `{row['detector']}` | `{row['attack']}`{radius(row)} | {row['steps'] or ''} | {row['of']} "
            f"| {' | '.join(shares)} | {length} |"
        )
    return "\n".join(lines)


def radius(row: dict) -> str:
    """The eps of an attack in 255ths, where it has one."""
    return "" if row["eps"] is None else f" {in_255ths(row['eps'])}"


def strength_table(report: dict) -> str:
    """One row for each library and attack: as strong as ours or not, and how much slower."""
    lines = [
        f"Against other libraries: **{report['model']}** on the {report['data']}, "
        f"{where(report)}. The same model and pictures "
        "for all; Carlini-Wagner in L2 takes 3 searches of 80 steps here, a peer the better of that and "
        "5 of 100; a peer is as strong where its success is within half a point of ours and its mean "
        "within 2 %. Passes and time are per picture. Made by `python benchmarks/minimum_norm.py`.",
        "",
        "| attack | batch | library | n | success | mean | median | forward | backward | ms "
        "| ours is faster by | strength |",
        "|---|--:|---|--:|--:|--:|--:|--:|--:|--:|--:|---|",
    ]
    for row in report["rows"]:
        for c in row["contestants"]:
            own = c["name"] == "ours"
            faster = "" if own else f"{1 / c['ours_over']:.1f} x"
            norms = " | ".join("" if c[k] is None else f"{c[k]:.3g}" for k in ("mean", "median"))
            lines.append(
                f"| `{row['attack']}` | {row['batch']} | {'**ours**' if own else library(c)} "
                f"| {c['pictures']} | {percent(c['success'])} | {norms} | {c['forwards']:.1f} "
                f"| {c['backwards']:.1f} | {c['ms']:.1f} "
                f"| {faster} "
                f"| {'' if own else c['strength']} |"
            )
        f = row["floor"]
        lines.append(
            f"| `{row['attack']}` | {row['batch']} | *floor: bare passes* | {row['pictures']} | | | "
            f"| {f['forwards']:.1f} | {f['backwards']:.1f} | {f['ms']:.1f} "
            f"| {1 / f['ours_over']:.2f} x | |"
        )
    return "\n".join(lines)


def library(contestant: dict) -> str:
    """Its name, with the setting that was the stronger one."""
    setting = contestant["setting"]
    return contestant["name"] + (f" ({setting})" if setting else "")


def speed_table(report: dict) -> str:
    """The sign attacks and their L2 forms: time over the floor and over two libraries."""
    lines = [
        f"Time of the gradient attacks over that of bare passes and of other libraries at the same "
        f"settings: **{report['model']}**, {where(report)}; "
        "below 1 is faster. Made by `python benchmarks/attacks.py`.",
        "",
        "| attack | batch | rounds | over the floor | over foolbox | over torchattacks |",
        "|---|--:|--:|--:|--:|--:|",
    ]
    for row in report["rows"]:
        over = [row["ours_over"].get(name) for name in ("floor", "foolbox", "torchattacks")]
        cells = " | ".join("" if ratio is None else f"{ratio:.2f}" for ratio in over)
        lines.append(f"| `{row['attack']}` | {row['batch']} | {row['rounds']} | {cells} |")
    return "\n".join(lines)


def where(report: dict) -> str:
    """Processor, threads and versions that the figures depend on."""
    machine = report["machine"]
    threads = f"{machine['threads']} thread{'s' * (machine['threads'] > 1)}"
    versions = [f"{name} {version}" for name, version in report["versions"].items() if version]
    return ", ".join([machine["cpu"], threads, *versions])


def result(name: str) -> dict:
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def figures() -> str:
    """The whole section, without its markers."""
    note = (
        "Accuracy is top-1 over all pictures; success is flipped / initially correct; step sizes are "
        "2.5 eps / steps, one random start for `pgd`, seed 0. The same for `digits-cnn` stands in "
        "[assets/results/digits.json](assets/results/digits.json)."
    )
    parts = [note, *(suite_table(name) for name in SUITES), distance_table(DISTANCES)]
    parts += detector_tables(result("detectors"))
    parts += [defence_table(results.report(RESULTS / f"{name}.json")) for name in DEFENCES]
    parts += [strength_table(result("benchmark-minimum-norm"))]
    return "\n\n".join([*parts, speed_table(result("benchmark-attacks"))])


def renew(text: str) -> str:
    """``text`` with what stands between the markers made anew."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{figures()}\n{END}{tail}"


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(renew(readme.read_text(encoding="utf-8")), encoding="utf-8")
