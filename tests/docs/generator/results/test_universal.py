"""Universal perturbations in docs/: what was measured, or how to measure it."""

import json

from docs.generator.results import universal
from robust_core import zoo
from robust_core.evaluation.universal import results

NAME = "cifar10-resnet32"


def row(part, **more):
    about = {
        "part": part,
        "model": NAME,
        "attack": "uap",
        "eps": 10 / 255,
        "seed": 0,
        "n_fit": 1000,
    }
    about |= {"weights": {NAME: zoo.index()[NAME]["sha256"]}, "what": "fitted", "target": None}
    return (
        about | {"n": 200, "fooled": 150, "rate": 0.75, "clean_correct": 184, "correct": 40} | more
    )


def test_rows_become_tables_and_nothing_a_command(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FILE", tmp_path / "universal.json")
    assert "Not measured yet" in universal.tables()
    assert "`python -m robust_core evaluate --suite universal`" in universal.tables()
    curve = [{"area": area, "rate": area} for area in (0.05, 0.25)]
    old = row("fooling", weights={NAME: "0" * 64}, rate=0.123)
    parts = {
        "fooling": [row("fooling", dominant=[[3, 75], [2, 30]]), old],
        "patches": [row("patches", attack="patch", target=5, area=0.1, curve=curve, rate=0.9)],
    }
    content = {"parts": {part: {"rows": rows} for part, rows in parts.items()}}
    results.FILE.write_text(json.dumps(content))
    said = universal.tables()
    assert (
        "| `uap` | 10/255 | 0 | 1,000 | 200 | 75.0 % | 92.0 % | 20.0 % | cat 50 %, bird 20 % |"
        in said
    )
    assert "12.3 %" not in said, "made with other weights"
    assert "| fitted | dog | 200 | 10.0 % | 90.0 % | 5.0 % | 25.0 % |" in said
    results.FILE.write_text("{")
    assert "Not measured yet" in universal.tables()
