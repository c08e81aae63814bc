"""The physical world in docs/: published figures beside ours, or how to measure."""

from docs.generator.results import physical
from robust_core.evaluation.physical import plan, results
from robust_core.evaluation.physical.measure import DestructionRow, SignRow, TurnedRow


def test_what_was_not_measured_says_how(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FILE", tmp_path / "physical.json")
    assert results.COMMAND in physical.tables()


def test_ours_and_the_published_stand_beside_each_other(monkeypatch):
    top = {"rate": 0.25, "counted": 8, "clean": 0.9, "pictures": 10, "draws": 3}
    destroyed = [
        DestructionRow("m", "d", attack, eps, 1, name, {}, top | {"rate": rate}, top)
        for attack, eps, rate in (("fgsm", 8 / 255, 0.25), ("bim", 16 / 255, None))
        for name in plan.TRANSFORMATIONS
    ]
    turned = [
        TurnedRow("cifar10-resnet32", "d", "eot", 0.1, {}, 7, a, {}, 1, 0.5, 0, None)
        for a in (0, None)
    ]
    signs = [
        SignRow("g", "poster", "stop", "speed-80", 5, 0, deck, 3, 3, 2, 1, 0, 1, 1, {})
        for deck in (True, False)
    ]
    report = results.Report("", tuple(destroyed), tuple(turned), tuple(signs))
    monkeypatch.setattr(results, "report", lambda: report)
    said = physical.tables()
    assert (
        "| FGSM | 8/255 | (8 of 10) | 25.0 % | 25.0 % | 25.0 % | 25.0 % | 25.0 % | 33.3 % |" in said
    )
    assert "| BIM | 16/255 | (8 of 10) | n/a | n/a | n/a | n/a | n/a | 40.4 % |" in said
    assert "| EOT | 7 |  |  | 50 % |  |  | 50.0 % |" in said
    assert (
        "| stop to speed-80, poster | 66.7 % | 33.3 % | 0.0 % | 66.7 % | Subtle Poster: 100 % |"
        in said
    )
    assert "n/a | n/a | n/a | n/a | Camouflage Graffiti: 66.67 %" in said
