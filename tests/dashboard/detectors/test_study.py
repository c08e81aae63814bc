"""The study section: answers come from the results, settings from the index."""

import json

import pytest

from robust_core import zoo
from robust_core.dashboard.detectors import study
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
    assert {answer() for _, answer in study.QUESTIONS} == {study.NOT_YET}
    write()
    assert {answer() for _, answer in study.QUESTIONS} == {study.NOT_YET}


def test_the_answers_are_those_of_the_tables(write):
    write(
        transfer={"matrix": cells((0.95, 0.6, None), (0.7, 0.85, 0.5), (0.8, 0.9, 0.75))},
        sigma=sigma([0.9, 0.55, None], [0.85, 0.75, 0.8]),
    )
    own, other, both, hard = (answer() for _, answer in study.QUESTIONS)
    assert "0.75 to 0.95" in own
    assert "0.50 to 0.90" in other
    assert "up to 0.40" in other  # 0.9 against 0.5
    assert "falls to 0.55 at sigma 0.1" in both
    assert "keeps 0.75 at its worst sigma, 0.1" in hard


def test_what_is_unknown_is_not_invented(write):
    write(transfer={"matrix": cells((None, None), (0.7, None))}, sigma=sigma([None], [None]))
    own, other, both, hard = (answer() for _, answer in study.QUESTIONS)
    assert "unknown" in own
    assert "0.70 to 0.70" in other
    assert "swapped" not in other
    assert both == hard == "No attack succeeded."


def test_the_settings_stand_beside_those_of_the_paper(bundle):
    bundle("cifar10-resnet32-ad2-bim-2-255")
    index = zoo.index()
    table = study.settings(index)
    share = 100 * index["cifar10-resnet32"]["accuracy"]
    assert f"| accuracy on the test set | 91.3 % | {share:.1f} % |" in table
    assert all(len(line.split("|")) == 5 for line in table.splitlines())
    assert study.pipeline().count("<b>") == 4
