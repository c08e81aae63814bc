"""Answers on the four questions come from the results."""

import json

import pytest

from robust_core import zoo
from robust_core.dashboard.detectors import answers
from robust_core.detectors.measure import Figures
from robust_core.evaluation.detector_tables import results, rows
from tests.tables import completed


@pytest.fixture
def write(monkeypatch, tmp_path):
    """Gives the page a result file with these parts."""
    path = tmp_path / "detectors.json"
    monkeypatch.setattr(results, "FILE", path)

    def make(**parts) -> None:
        head = {"model": "cifar10-resnet32", "data": "x"}
        head["weights_sha256"] = zoo.index()["cifar10-resnet32"]["sha256"]
        full = {name: completed(rows.TABLES[name], part) for name, part in parts.items()}
        path.write_text(json.dumps(head | {"parts": full}), encoding="utf-8")

    return make


def cells(*values: tuple[float | None, ...]) -> list[list[Figures]]:
    return [[completed(Figures, {"detectability": value}) for value in row] for row in values]


def sigma(static: list[float | None], dynamic: list[float | None]) -> dict:
    kinds = {"static": static, "dynamic": dynamic}
    detectors = {kind: {"rows": cells(values)[0]} for kind, values in kinds.items()}
    return {"sigmas": [i / 10 for i in range(len(static))], "detectors": detectors}


def test_nothing_is_answered_that_was_not_measured(write):
    assert {answer() for _, answer in answers.QUESTIONS} == {answers.NOT_YET}
    write()
    assert {answer() for _, answer in answers.QUESTIONS} == {answers.NOT_YET}


def test_the_answers_are_those_of_the_tables(write):
    write(
        transfer={"matrix": cells((0.95, 0.6, None), (0.7, 0.85, 0.5), (0.8, 0.9, 0.75))},
        sigma=sigma([0.9, 0.55, None], [0.85, 0.75, 0.8]),
    )
    own, other, both, hard = (answer() for _, answer in answers.QUESTIONS)
    assert "0.75 to 0.95" in own
    assert "0.50 to 0.90" in other
    assert "up to 0.40" in other  # 0.9 against 0.5
    assert "falls to 0.55 at sigma 0.1" in both
    assert "keeps 0.75 at its worst sigma, 0.1" in hard


def knowing(detector: str, attack: str, eps: float | None, both: float, rounded: float) -> dict:
    shares = {"fools_both": both, "fools_both_8bit": rounded}
    return {"detector": detector, "attack": attack, "eps": eps, **shares}


def test_full_knowledge_is_told_beside_the_dynamic_adversary(write):
    sweep = sigma([0.9, 0.55], [0.85, 0.75]) | {"eps": 1 / 255, "steps": 10, "step_size": 1 / 255}
    sweep["detectors"]["static"]["name"], sweep["detectors"]["dynamic"]["name"] = "s", "d"
    rows = [
        knowing("s", "pgd-pair", 8 / 255, 1.0, 1.0),
        knowing("s", "cw-l2-pair", None, 1.0, 0.0),
        knowing("s", "dynamic", 2 / 255, 1.0, 1.0),  # not tried on the other
        knowing("d", "pgd-pair", 8 / 255, 1.0, 1.0),
        knowing("d", "cw-l2-pair", None, 0.75, 0.01),
    ]
    write(sigma=sweep, full_knowledge={"rows": rows})
    both, hard = answers.fooled(), answers.hardened()
    assert both.startswith("Yes, with full knowledge: 100 %")
    assert "PGD on the pair, full knowledge 8/255. By the dynamic adversary" in both
    assert "100 % of the pictures fool both, for each of 2 detectors, static or dynamic" in both
    assert "Dynamic adversary 2/255" not in both
    assert "Carlini" not in both
    assert "0.1 (eps 1/255, 10 steps of 1/255)" in both
    assert "No, not against full knowledge: 100 % of the pictures fool both" in hard
    assert "8/255 (100 % once rounded to 8 bits)" in hard


def test_the_committed_answers_name_the_attacks_that_always_succeed():
    for answer in (answers.fooled(), answers.hardened()):
        assert "PGD on the pair" in answer
        assert "Carlini-Wagner (L2) on the pair" in answer
        assert "100 % of the pictures" in answer


def test_what_is_unknown_is_not_invented(write):
    write(transfer={"matrix": cells((None, None), (0.7, None))}, sigma=sigma([None], [None]))
    own, other, both, hard = (answer() for _, answer in answers.QUESTIONS)
    assert "unknown" in own
    assert "0.70 to 0.70" in other
    assert "swapped" not in other
    assert both == hard == "No attack succeeded."
