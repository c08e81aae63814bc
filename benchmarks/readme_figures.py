"""Write the tables of the README's section "Figures" from the committed results.

python benchmarks/readme_figures.py            # after evaluate --suite cifar10 and cifar10-distances
"""

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from robust_core.evaluation.verdict import in_255ths  # noqa: E402

RESULTS = ROOT / "assets" / "results"
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
SUITES = ("cifar10",)
DISTANCES = "cifar10-distances"


def percent(share: float | None) -> str:
    return "" if share is None else f"{share:.2%}".replace("%", " %")


def suite_table(name: str) -> str:
    """One row for each attack and radius: clean accuracy beside the robust one, and the conditions."""
    report = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    lines = [
        f"**{report['model']}** on the {report['data']} test set; weights "
        f"`{report['weights_sha256'][:12]}`, {report['device']}. Made by "
        f"`python -m robust_core evaluate --suite {name}`.",
        "",
        "| attack | norm | steps | eps | n | clean | under attack | success | mean L2 of successes |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for result in report["results"]:
        steps = result["parameters"].get("steps", "")
        for row in result["rows"]:
            scale = "" if result["norm"] == "l2" else f" ({in_255ths(row['eps'])})"
            length = "" if row["mean_l2"] is None else f"{row['mean_l2']:.3f}"
            lines.append(
                f"| `{result['attack']}` | {result['norm']} | {steps} | {row['eps']:.3g}{scale} "
                f"| {result['n']:,} | {percent(result['clean_top1'])} | {percent(row['top1'])} "
                f"| {percent(row['success_rate'])} | {length} |"
            )
    return "\n".join(lines)


def distance_table(name: str) -> str:
    """One row for each attack without an eps: how far it had to go, and what that cost."""
    report = json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))
    lines = [
        f"How near the nearest adversarial picture is: **{report['model']}** on the first "
        f"{report['n']:,} pictures of the {report['data']} test set that it gets right; weights "
        f"`{report['weights_sha256'][:12]}`, {report['device']}. L0 counts pixels. Made by "
        f"`python -m robust_core evaluate --suite {name}`.",
        "",
        "| attack | goal | steps | n | success | norm | mean | median | forward passes | backward passes |",
        "|---|---|--:|--:|--:|---|--:|--:|--:|--:|",
    ]
    for result in report["results"]:
        (row,), norm = result["rows"], result["norm"]
        goal = f"{result['goal_parameters'].get('target', '')} {result['goal']}".strip()
        steps = result["parameters"]["steps"]
        searches = result["parameters"].get("search_steps")
        lines.append(
            f"| `{result['attack']}` | {goal} | {f'{searches} x {steps}' if searches else steps} "
            f"| {result['n']:,} | {percent(row['success_rate'])} | {norm} "
            f"| {row[f'mean_{norm}']:.3g} | {row[f'median_{norm}']:.3g} "
            f"| {row['mean_queries']:.1f} | {row['mean_gradients']:.1f} |"
        )
    return "\n".join(lines)


def figures() -> str:
    """The whole section, without its markers."""
    note = (
        "Accuracy is top-1 over all pictures; success is flipped / initially correct; step sizes are "
        "2.5 eps / steps, one random start for `pgd`, seed 0. The same for `digits-cnn` stands in "
        "[assets/results/digits.json](assets/results/digits.json)."
    )
    return "\n\n".join([note, *(suite_table(name) for name in SUITES), distance_table(DISTANCES)])


def renew(text: str) -> str:
    """``text`` with what stands between the markers made anew."""
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{figures()}\n{END}{tail}"


if __name__ == "__main__":
    readme = ROOT / "README.md"
    readme.write_text(renew(readme.read_text(encoding="utf-8")), encoding="utf-8")
