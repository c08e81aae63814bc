"""The bundled posters: those of the suite, each as a file with its figures."""

import hashlib
from typing import Any

from robust_core.attacks.physical.rp2 import Poster
from robust_core.classifier import Classifier
from robust_core.evaluation.physical import plan
from robust_core.evaluation.physical.measure import SignRow, judged
from robust_core.zoo import bundled_posters

COUNTS = ("views", "right", "fooled", "printed", "random")
RECIPES = {f"{plan.SIGN_MODEL}-{poster.key}": poster for poster in plan.POSTERS}
"""By name."""


def command(name: str) -> str:
    return f"python -m robust_core train {name}"


def exported(name: str, made: Poster, model: Classifier) -> tuple[dict[str, Any], bytes]:
    """The entry for the index, and the file; the figures are those of the file's 8 bits."""
    asked = RECIPES[name]
    content = bundled_posters.to_bytes(made)
    kept = bundled_posters.read(asked.sign, made.fooled, content)
    rows = judged(model, asked, kept.on(model.device))
    return {
        "file": f"{name}.safetensors",
        "sha256": hashlib.sha256(content).hexdigest(),
        "model": plan.SIGN_MODEL,
        "weights_sha256": model.provenance.details.get("sha256"),
        "attack": "rp2",
        "key": asked.key,
        "sign": asked.sign,
        "target": asked.target,
        "area": asked.area,
        "parameters": plan.METHOD.parameters,
        "places": plan.POSES,
        "command": command(name),
        "figures": {
            "fitted": made.fooled,
            "covered": rows[0].covered,
            "deck": counts([row for row in rows if row.deck]),
            "grid": counts(rows),
        },
    }, content


def counts(rows: list[SignRow]) -> dict[str, int]:
    """Over all places: views, clean right, and of those taken for the target."""
    return {what: sum(getattr(row, what) for row in rows) for what in COUNTS}
