"""Deck 002's experiment as ``evaluate --suite deck-002`` writes it, with made-up counts."""

import json
from pathlib import Path

from robust_core import zoo
from robust_core.evaluation.deck_002 import protocol, results


def counts(model: str = "digits-cnn", sha: str | None = None) -> dict:
    """Of 150 pictures; PGD in short steps leaves more than FGSM, in long ones less."""
    left = {"eps": 6, "eps/4": 60, "eps/10": 120, "eps/40": 144}

    def row(space, eps, attack, steps, step, reached=None):
        top1 = max(0, left[step] // steps - round(10 * eps))
        where = {"space": space, "eps": eps, "attack": attack, "steps": steps, "step": step}
        return where | {"top1": top1, "top5": min(150, top1 + 30), "reached": reached}

    rows = [
        row(space, eps, attack, steps, step)
        for space in protocol.SPACES
        for eps in protocol.EPS
        for attack in (protocol.FGSM, protocol.BIM, protocol.PGD)
        for step in protocol.STEP_SIZES
        for steps in protocol.STEPS[protocol.PGD]
    ]
    targeted = [
        row(space, eps, attack, 1, "eps", round(100 * eps))
        for space in protocol.SPACES
        for eps in protocol.FIGURE_EPS
        for attack in (protocol.FGSM, protocol.BIM)
    ]
    carlini = {"target1": 150, "target5": 150, "top1": 0, "top5": 60}
    carlini |= {"mean_l2": 0.5, "median_l2": 0.4, "parameters": {"search_steps": 3, "steps": 80}}
    return {
        "suite": protocol.NAME,
        "model": model,
        "data": "digits",
        "command": results.command(model),
        "limit": None,
        "n": 150,
        "asked": 152,
        "pictures": {str(label): list(range(15)) for label in range(10)},
        "rows": rows,
        "targeted": targeted,
        "carlini": carlini,
        "weights": "somewhere",
        "weights_sha256": sha or zoo.index()[model]["sha256"],
        "device": "cpu",
    }


def write(folder: Path, model: str = "digits-cnn", **options: str) -> Path:
    """``counts`` as the file of a model."""
    path = folder / f"{protocol.NAME}-{model}.json"
    path.write_text(json.dumps(counts(model, **options)), encoding="utf-8")
    return path
