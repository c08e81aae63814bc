"""What a bundled model reaches, in one line: clean accuracy, and robust accuracy beside it."""

import json

from robust_core import zoo
from robust_core.evaluation import suites
from robust_core.paths import RESULTS


def headline(model: str) -> str | None:
    """Clean top-1 and top-1 under PGD at 8/255, with their conditions, from the committed results.

    None for a model without a committed result, and where the result is of other weights.
    """
    name = next((name for name, suite in suites.SUITES.items() if suite.model == model), None)
    path = RESULTS / f"{name}.json"
    if name is None or not path.is_file():
        return None
    report = json.loads(path.read_text(encoding="utf-8"))
    if report["weights_sha256"] != zoo.index()[model]["sha256"]:
        return None
    for result in report["results"]:
        for row in result["rows"]:
            if result["attack"] == "pgd" and row["eps"] == suites.FIELD_EPS:
                steps = result["parameters"]["steps"]
                return (
                    f"Right on {report['clean_top1']:.1%} of {result['n']:,} {model.split('-')[0]} "
                    f"test pictures; on {row['top1']:.1%} under PGD ({steps} steps, Linf 8/255)."
                )
    return None
